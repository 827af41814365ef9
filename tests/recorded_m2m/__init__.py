"""An M2M for tests that lists the recorded catalog (843 datasets) and serves the recorded scenes.

The sandbox shows 18 datasets that we made; this shows what USGS lists. It reads ``../shared`` where that is beside
the project, else the part of it in ``tests/contract/recordings``.

A test of HTTP takes the fixture ``recorded``, a server shared by the session, and runs twice: with the catalog group
EE, and with all groups::

    def test_every_collection_has_a_title(recorded: RecordedServer) -> None:
        for page in recorded.pages("/collections"):
            assert all(one["title"] for one in page["collections"])

With one of both alone: ``@pytest.mark.parametrize("recorded", [EE], indirect=True, ids=["EE"])``.

A test that needs a server of its own, or other settings, starts one::

    async with running(tmp_path, RecordedM2M().transport, catalogs=("HDDS",)) as here:
        assert (await here.get("/queryables")).status_code == 200

A test of one dataset takes it, and what was recorded of it, from ``recordings()``. To serve other scenes, change the
value: ``RecordedM2M(dataclasses.replace(recordings(), scenes={"srtm": [...]}))``.

``python -m tests.recorded_m2m.part`` writes the part in the project anew.
"""

from tests.recorded_m2m.app import RecordedM2M
from tests.recorded_m2m.recordings import ALL_GROUPS, EE, GROUPS, UNLISTED, Recordings, recordings
from tests.recorded_m2m.server import RecordedServer, serving_recorded

__all__ = [
    "ALL_GROUPS",
    "EE",
    "GROUPS",
    "UNLISTED",
    "RecordedM2M",
    "RecordedServer",
    "Recordings",
    "recordings",
    "serving_recorded",
]
