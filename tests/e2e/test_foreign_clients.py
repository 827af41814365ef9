"""M2M clients that others wrote work on the sandbox, over real sockets."""

from __future__ import annotations

import importlib.util
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import usgs
import usgs.api
import usgsxplore
import usgsxplore.api
from usgsxplore.errors import USGSAuthenticationError, USGSInvalidDataset
from usgsxplore.filter import SceneFilter
from usgsxplore.scene_downloader import LinkResolver, SceneDownloader

from tests.serving import started

LANDSAT = "landsat_ot_c2_l2"
SCENE = "LC80470272020339LGN00"
FRAME = "DS1117-2086DA007"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the sandbox's API."""
    with started("sandbox", tmp_path_factory.mktemp("foreign"), "--staging-seconds", "0.3") as (address, log):
        yield f"{address}/api/api/json/stable"
        assert "Traceback" not in log.read_text()


# -- usgs --------------------------------------------------------------------------------------------------------


@pytest.fixture
def key(sandbox: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A key of the ``usgs`` package, which is pointed at the sandbox."""
    monkeypatch.setattr(usgs.api, "USGS_API", sandbox)
    return str(usgs.api.login("foreigner", "any-token", save=False)["data"])


def test_usgs_is_refused_with_a_wrong_token(sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usgs.api, "USGS_API", sandbox)
    with pytest.raises(usgs.USGSError):
        usgs.api.login("foreigner", "wrong", save=False)


def test_usgs_keeps_its_key_and_logs_out(sandbox: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(usgs.api, "USGS_API", sandbox)
    monkeypatch.setattr(usgs.api, "TMPFILE", str(tmp_path / "key"))
    usgs.api.login("foreigner", "any-token")
    assert usgs.api.dataset_search("landsat")["data"]
    usgs.api.logout()
    assert not (tmp_path / "key").exists()


def test_usgs_lists_datasets_and_their_filters(key: str) -> None:
    names = {one["datasetAlias"] for one in usgs.api.dataset_search(catalog="EE", api_key=key)["data"]}
    assert {LANDSAT, "naip", "corona2"} <= names
    filters = usgs.api.dataset_filters(LANDSAT, api_key=key)["data"]
    assert "WRS Path" in {one["fieldLabel"] for one in filters}


def test_usgs_searches_by_place_time_and_filter_and_pages(key: str) -> None:
    filters = usgs.api.dataset_filters(LANDSAT, api_key=key)["data"]
    row = next(one["id"] for one in filters if one["fieldLabel"] == "WRS Row")
    seen: list[str] = []
    asked: dict[str, Any] = {
        "ll": {"longitude": -124.0, "latitude": 46.0},
        "ur": {"longitude": -121.0, "latitude": 48.0},
        "start_date": "2020-06-01",
        "end_date": "2020-08-31",
        "where": {"filter_id": row, "value": "027"},
    }
    while True:
        page = usgs.api.scene_search(LANDSAT, max_results=4, starting_number=len(seen) + 1, api_key=key, **asked)
        seen += [scene["displayId"] for scene in page["data"]["results"]]
        if len(seen) >= page["data"]["totalHits"]:
            break
    assert len(seen) == len(set(seen)) > 4
    assert {name[13:16] for name in seen} == {"027"}
    assert {name[17:23] for name in seen} <= {"202006", "202007", "202008"}


def test_usgs_reads_a_scene_and_fetches_the_bytes_of_a_file(key: str) -> None:
    scene = usgs.api.scene_metadata(LANDSAT, SCENE, api_key=key)["data"]
    options = usgs.api.download_options(LANDSAT, [SCENE], api_key=key)["data"]
    file = next(one for one in options[0]["secondaryDownloads"] if one["downloadName"] == "SR_B4.TIF")
    answer = usgs.api.download_request(LANDSAT, file["entityId"], file["id"], api_key=key)["data"]
    url = answer["availableDownloads"][0]["url"]
    assert requests.get(url, headers={"Range": "bytes=0-3"}, timeout=30).content == b"II*\0"
    assert scene["displayId"] in url
    products = usgs.api.dataset_download_options(LANDSAT, api_key=key)["data"]
    assert {one["productCode"] for one in products} == {one["productCode"] for one in options}


def test_a_bundle_is_a_tar_of_the_files(key: str, tmp_path: Path) -> None:
    """Its first kilobyte is enough to see it; the whole is more than a gigabyte."""
    options = usgs.api.download_options(LANDSAT, [SCENE], api_key=key)["data"]
    bundle = next(one for one in options if one["downloadSystem"] == "ls_zip")
    answer = usgs.api.download_request(LANDSAT, SCENE, bundle["id"], api_key=key)["data"]
    start = requests.get(answer["availableDownloads"][0]["url"], headers={"Range": "bytes=0-1023"}, timeout=30)
    assert start.headers["Content-Range"] == f"bytes 0-1023/{bundle['filesize']}"
    assert tarfile.TarInfo.frombuf(start.content[:512], "utf-8", "strict").name == f"{bundle['displayId']}_MTL.txt"


# -- usgsxplore, which GETs with a JSON body, at times null --------------------------------------------------------


@pytest.fixture
def api(sandbox: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[usgsxplore.API]:
    monkeypatch.setattr(usgsxplore.api, "API_URL", f"{sandbox}/")
    with usgsxplore.API("another-foreigner", "any-token") as client:
        yield client


def test_usgsxplore_is_refused_with_a_wrong_token(sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usgsxplore.api, "API_URL", f"{sandbox}/")
    with pytest.raises(USGSAuthenticationError):
        usgsxplore.API("another-foreigner", "wrong")


def test_usgsxplore_lists_datasets(api: usgsxplore.API) -> None:
    assert {LANDSAT, "naip", "corona2"} <= set(api.dataset_names())
    with pytest.raises(USGSInvalidDataset):
        api.dataset_filters("no_such_dataset")


def test_usgsxplore_resolves_ids_by_a_scene_list(api: usgsxplore.API) -> None:
    display_id = api.get_display_id(SCENE, LANDSAT)
    assert api.get_entity_id(display_id, LANDSAT) == SCENE
    assert api.get_entity_id([FRAME, "nothing"], "corona2") == [FRAME]
    assert api.request("scene-list-types") == []


def test_usgsxplore_reads_many_scenes_by_a_list_that_lives_a_minute(api: usgsxplore.API) -> None:
    scenes = api.get_scenes_metadata("corona2", [FRAME])
    assert [one["entityId"] for one in scenes["corona2"]] == [FRAME]
    (listed,) = api.request("scene-list-types")
    assert 0 < listed["listTimeout"] <= 60
    api.request("scene-list-remove", {"listId": listed["list"]})


def test_usgsxplore_searches_and_pages(api: usgsxplore.API) -> None:
    wanted = SceneFilter.from_args(
        bbox=(-124.0, 46.0, -121.0, 48.0), date_interval=("2020-06-01", "2020-08-31"), max_cloud_cover=60
    )
    total = api.scene_search(LANDSAT, wanted, max_results=1)["totalHits"]
    batches = list(api.batch_search(LANDSAT, wanted, max_results=9, use_tqdm=False, batch_size=4))
    found = [scene["entityId"] for batch in batches for scene in batch]
    assert total > len(found) == len(set(found)) == 9


def test_usgsxplore_filters_by_a_label(api: usgsxplore.API) -> None:
    scenes = api.search("corona2", meta_filter="Download Available=Y", max_results=5)
    assert all(scene["options"]["download"] for scene in scenes)
    assert len(scenes) == 5


def test_usgsxplore_waits_for_what_is_staged_fetches_it_and_cleans_up(api: usgsxplore.API, tmp_path: Path) -> None:
    downloader = SceneDownloader(api, resolver=LinkResolver(api, retry_delay=1))
    with downloader:
        downloader.download("corona2", [FRAME], tmp_path, show_progress=False)
    (file,) = tmp_path.iterdir()
    (option,) = api.request("download-options", {"datasetName": "corona2", "entityIds": [FRAME]})
    assert file.name == f"{FRAME}.tif"  # usgsxplore has unpacked FRAME.tif.gz
    assert file.read_bytes()[:4] == b"II*\0"
    assert 0 < option["filesize"] - file.stat().st_size < 1000
    assert api.request("download-search", {"activeOnly": True}) == []


# -- eodag, by its plugin for USGS ---------------------------------------------------------------------------------


@pytest.mark.skipif(
    importlib.util.find_spec("eodag") is None, reason="eodag is not installed; it is heavy: pip install 'eodag[usgs]'"
)
def test_eodag_searches_by_place_and_by_id_and_finds_what_can_be_downloaded(
    sandbox: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from eodag import EODataAccessGateway

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(usgs.api, "USGS_API", sandbox)
    monkeypatch.setattr(usgs.api, "TMPFILE", str(tmp_path / "key"))
    gateway = EODataAccessGateway()
    gateway.update_providers_config("usgs: {api: {credentials: {username: eodag, password: any}, extract: false}}")
    found = gateway.search(
        provider="usgs", collection="LANDSAT_C2L2", start="2020-12-04", end="2020-12-05", geom=(-123, 46, -122, 47)
    )
    assert {product.properties["usgs:entityId"] for product in found} >= {SCENE}
    wanted = next(product for product in found if product.properties["usgs:entityId"] == SCENE)
    assert wanted.properties["usgs:productId"]
    (again,) = gateway.search(provider="usgs", collection="LANDSAT_C2L2", id=wanted.properties["id"])
    assert again.properties["usgs:entityId"] == SCENE
