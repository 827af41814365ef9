"""``stac-bridge search``, ``collections``, ``item`` and ``explain`` on one server, as people type them."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import geopandas
import pytest
from shapely.geometry import Point, mapping
from typer.testing import CliRunner, Result

from stac_bridge.cli import app
from tests.validation import validate

ALPS = ("-c", "landsat_ot_c2_l2", "--bbox", "5.9,45.4,6.5,45.8")
SUMMER = (*ALPS, "--datetime", "2024-06/2024-08")
SCENE = ("landsat_ot_c2_l2", "LC08_L2SP_196028_20240728_20240807_02_T1")


def run(api: str, *arguments: str, text: str | None = None) -> Result:
    ran = CliRunner().invoke(app, list(arguments), input=text, env={"STAC_BRIDGE_API": api, "NO_COLOR": "1"})
    assert "Traceback" not in ran.output
    return ran


def answered(api: str, *arguments: str, text: str | None = None) -> str:
    ran = run(api, *arguments, text=text)
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def items(api: str, *arguments: str, text: str | None = None) -> list[dict[str, Any]]:
    said = json.loads(answered(api, "search", *arguments, "--json", text=text))
    assert said["numberReturned"] == len(said["features"])
    found: list[dict[str, Any]] = said["features"]
    return found


def test_a_search_prints_a_table_and_how_many_there_are(api: str) -> None:
    heading, *rows, last = answered(api, "search", *SUMMER, "--limit", "3").splitlines()
    assert heading.split() == ["id", "date", "cloud", "platform", "files"]
    assert [row[:2] for row in rows] == ["LC"] * 3
    assert last == "3 Items, and more match; raise --limit for them."


def test_where_the_api_knows_how_many_match_that_is_told(api: str) -> None:
    said = answered(api, "search", "-c", "landsat_ot_c2_l2", "--datetime", "2023-07-01", "--limit", "2")
    assert said.splitlines()[-1] == "2 Items of 1,497; raise --limit for more."


def test_json_is_an_item_collection_in_the_order_asked_for(api: str) -> None:
    found = items(api, *SUMMER, "--cloud", "20", "--sort", "eo:cloud_cover", "--limit", "5")
    cloud = [one["properties"]["eo:cloud_cover"] for one in found]
    assert len(cloud) == 5
    assert cloud == sorted(cloud)
    assert cloud[-1] <= 20
    assert found[0]["assets"]["red"]["href"].startswith(api)


def test_filter_and_cloud_hold_together(api: str) -> None:
    found = items(api, *SUMMER, "--cloud", "30", "--filter", "platform = 'landsat-9' OR platform = 'landsat-8'")
    assert found
    assert all(one["properties"]["eo:cloud_cover"] <= 30 for one in found)


def test_a_place_of_a_file_and_of_stdin_is_the_box_of_the_same_corners(api: str, tmp_path: Path) -> None:
    ring = [[5.9, 45.4], [6.5, 45.4], [6.5, 45.8], [5.9, 45.8], [5.9, 45.4]]
    place = json.dumps({"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}})
    (tmp_path / "place.geojson").write_text(place)
    rest = ("-c", "landsat_ot_c2_l2", "--datetime", "2024-07", "--limit", "50")
    boxed = {one["id"] for one in items(api, *ALPS, "--datetime", "2024-07", "--limit", "50")}
    assert {one["id"] for one in items(api, *rest, "--intersects", str(tmp_path / "place.geojson"))} == boxed
    assert {one["id"] for one in items(api, *rest, "--intersects", "-", text=place)} == boxed


def test_a_place_may_be_longer_than_an_address(api: str, tmp_path: Path) -> None:
    lake = Point(6.2, 45.6).buffer(0.2, quad_segs=900)
    (tmp_path / "lake.geojson").write_text(json.dumps(mapping(lake)))
    asked = ("-c", "landsat_ot_c2_l2", "--intersects", str(tmp_path / "lake.geojson"), "--datetime", "2024-07")
    assert len(items(api, *asked, "--limit", "3")) == 3
    assert '"filterType"' in answered(api, "explain", *asked)


def test_ids_alone_are_looked_for(api: str) -> None:
    (one,) = items(api, "--ids", SCENE[1])
    assert (one["collection"], one["id"]) == SCENE


def test_ids_may_be_longer_than_an_address(api: str) -> None:
    unknown = [f"LC08_L2SP_{path:03}{row:03}_20240728_20240807_02_T1" for path in range(1, 41) for row in range(1, 25)]
    options = ("--ids", ",".join([*unknown, SCENE[1]]), "-c", SCENE[0])
    (item,) = items(api, *options)
    assert item["id"] == SCENE[1]
    assert '"steps"' in answered(api, "explain", *options, "--json")


def test_nothing_found_is_an_answer(api: str) -> None:
    ran = run(api, "search", "-c", "naip", "--ids", "none-such")
    assert (ran.exit_code, ran.stdout) == (0, "No Item matches.\n")
    assert items(api, "-c", "naip", "--ids", "none-such") == []


@pytest.mark.parametrize("name", ["found.geojson", "found.ndjson", "found.parquet"])
def test_a_file_holds_what_the_search_finds(api: str, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    said = answered(api, "search", *SUMMER, "--limit", "4", "--output", str(path))
    assert said == f"4 Items, and more match; raise --limit for them. Saved in {path}.\n"
    ids = [one["id"] for one in items(api, *SUMMER, "--limit", "4")]
    table = geopandas.read_parquet(path) if name.endswith("parquet") else geopandas.read_file(path)
    assert list(table["id"]) == ids
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_several_collections_go_into_one_parquet(api: str, tmp_path: Path) -> None:
    path = tmp_path / "found.parquet"
    for collection in ("naip", "corona2"):
        answered(api, "search", "-c", collection, "--limit", "3", "--output", str(tmp_path / f"{collection}.ndjson"))
    answered(api, "search", "-c", "naip,corona2", "--filter", "m2m:month = 5", "--limit", "40", "--output", str(path))
    assert len(geopandas.read_parquet(path)) > 0


def test_ndjson_on_stdout_is_items_alone_and_the_rest_is_on_stderr(api: str) -> None:
    ran = run(api, "search", *SUMMER, "--limit", "2", "--output", "-")
    assert len([json.loads(line)["id"] for line in ran.stdout.splitlines()]) == 2
    assert ran.stderr == "stac-bridge: 2 Items, and more match; raise --limit for them.\n"


def test_without_an_api_it_serves_itself_and_tells_how_long_hrefs_last() -> None:
    ran = CliRunner().invoke(app, ["search", "-c", "naip", "--limit", "1", "--json"], env={"STAC_BRIDGE_API": ""})
    (one,) = json.loads(ran.stdout)["features"]
    assert one["collection"] == "naip"
    assert "The hrefs work only while this command runs" in ran.stderr


def test_collections_are_searched_by_words_place_and_time(api: str) -> None:
    said = answered(api, "collections", "search", "film")
    assert "corona2" in said
    assert "landsat_ot_c2_l2" not in said
    found = json.loads(answered(api, "collections", "search", "--datetime", "1961", "--json"))["collections"]
    assert {"corona2", "aerial_combin"} <= {one["id"] for one in found}
    assert "naip" not in {one["id"] for one in found}
    assert answered(api, "collections", "search", "no such words") == "No Collection matches.\n"


def test_a_collection_is_shown_with_its_assets_and_what_a_filter_may_name(api: str) -> None:
    said = answered(api, "collections", "show", "landsat_ot_c2_l2")
    for word in ("Landsat 8-9 OLI/TIRS", "2013-03-18 – today", "Near Infrared Band", "landsat-8, landsat-9"):
        assert word in said
    validate(json.loads(answered(api, "collections", "show", "landsat_ot_c2_l2", "--json")))


def test_an_item_is_told_whole(api: str) -> None:
    said = answered(api, "item", *SCENE)
    for word in ("eo:cloud_cover", "2024-07-28 10:23", "Red Band", "The hrefs are valid until"):
        assert word in said
    assert json.loads(answered(api, "item", *SCENE, "--json"))["id"] == SCENE[1]
    assert "USGS prepares it" in answered(api, "item", "aerial_combin", "AR5AK0002100049")


def test_explain_tells_what_m2m_would_be_asked(api: str) -> None:
    said = answered(api, "explain", *SUMMER, "--cloud", "10")
    for word in ("eo:cloud_cover <= 10", "the whole filter, on every Item", '"datasetName": "landsat_ot_c2_l2"'):
        assert word in said
    (step,) = json.loads(answered(api, "explain", *SUMMER, "--cloud", "10", "--json"))["steps"]
    assert step["scene_search"]["sceneFilter"]["cloudCoverFilter"]["max"] == 11
    nowhere = answered(api, "explain", "-c", "landsat_ot_c2_l2", "--filter", "platform = 'landsat-3'")
    assert re.search(r"cannot match +landsat_ot_c2_l2", nowhere)
    assert "Which of these" in answered(api, "explain", "--datetime", "1850")
    run(api, "search", "--datetime", "1850")
    assert "No collection can contain a matching Item." in answered(api, "explain", "--datetime", "1850")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("search",), 2, "Say which Items"),
        (("search", "-c", "no-such-collection"), 2, "no-such-collection"),
        (("search", "-c", "naip", "--bbox", "1,2,3"), 2, "--bbox"),
        (("search", "-c", "naip", "--datetime", "soon"), 2, "soon"),
        (("search", "-c", "naip", "--sort", "nonsense"), 2, "nonsense"),
        (("search", "-c", "naip", "--cloud", "101"), 2, "--cloud"),
        (("search", "-c", "naip", "--output", "found.csv"), 2, ".geojson"),
        (("search", "-c", "naip", "--output", "a.json", "--json"), 2, "not both"),
        (("search", "-c", "naip", "--intersects", "none.json"), 2, "cannot be read"),
        (("search", "-c", "naip", "--api", "localhost:8000"), 2, "is no address"),
        (("search", "-c", "naip", "--api", "http://127.0.0.1:9"), 1, "Nothing answers as a STAC API"),
        (("collections", "show", "no-such-collection"), 1, "no-such-collection"),
        (("collections", "search", "--bbox", "1,2"), 2, "--bbox"),
        (("collections", "search", "--api", "http://127.0.0.1:9"), 1, "Nothing answers as a STAC API"),
        (("item", "naip", "no-such-item"), 1, "no-such-item"),
        (("item", "naip", "x", "--api", "http://127.0.0.1:9"), 1, "Nothing answers as a STAC API"),
        (("explain", "-c", "naip", "--filter", "nonsense ="), 2, "filter"),
        (("explain", "-c", "no-such-collection"), 2, "no-such-collection"),
    ],
)
def test_what_goes_wrong_is_told_in_a_sentence(
    api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(api, *arguments)
    assert said in " ".join(ran.stderr.split())
    assert (ran.exit_code, ran.stdout) == (code, "")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    """A server that is no STAC API: a page at every address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>Welcome</html>")

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "arguments", [("search", "-c", "x"), ("collections", "search"), ("collections", "show", "x"), ("explain",)], ids=str
)
def test_a_page_that_is_no_stac_api_is_told(page: str, arguments: tuple[str, ...]) -> None:
    ran = run(page, *arguments)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr == f"stac-bridge: Nothing answers as a STAC API at {page}.\n"


def on_terminal(api: str, *arguments: str, **more: str) -> bytes:
    seen, terminal = pty.openpty()
    command = [sys.executable, "-c", "from stac_bridge.cli import app; app()", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("STAC_BRIDGE_", "NO_COLOR"))}
    settings = {**clean, "STAC_BRIDGE_API": api, "TERM": "xterm", "COLUMNS": "120", **more}
    subprocess.run(command, stdout=terminal, stderr=terminal, env=settings, check=True)
    os.close(terminal)
    said = os.read(seen, 1 << 20)
    os.close(seen)
    return said


def test_on_a_terminal_there_are_colours_progress_and_how_to_go_on(api: str) -> None:
    said = on_terminal(api, "search", *SUMMER, "--limit", "1")
    assert b"\x1b[1m" in said
    assert b"1/1" in said
    assert b"stac-bridge item landsat_ot_c2_l2" in said


def test_no_color_is_honoured(api: str) -> None:
    said = on_terminal(api, "item", *SCENE, NO_COLOR="1")
    assert b"\x1b[3" not in said


def test_completion_is_there_for_shells_and_for_collections() -> None:
    said = CliRunner().invoke(
        app,
        [],
        env={
            "_STAC_BRIDGE_COMPLETE": "complete_bash",
            "COMP_WORDS": "stac-bridge search -c naip,landsat_ot",
            "COMP_CWORD": "3",
        },
        prog_name="stac-bridge",
    )
    assert "naip,landsat_ot_c2_l2" in said.output


@pytest.mark.parametrize(
    ("filter_", "advice"),
    [
        ("platform = 'LANDSAT_88'", "did you mean 'landsat-8'?"),
        ("\"landsat:wrs_path\" = 'abc'", "its values have the form 000."),
        ("platform IN ('landsat-8', 'landsat-88')", "did you mean 'landsat-8'?"),
    ],
)
def test_a_search_for_a_value_that_no_item_can_have_is_refused_with_the_nearest(
    api: str, filter_: str, advice: str
) -> None:
    for command in (("search",), ("search", "--json"), ("download",)):
        ran = run(api, *command, "-c", "landsat_ot_c2_l2", "--datetime", "2024-07-01", "--filter", filter_)
        assert (ran.exit_code, ran.stdout) == (2, ""), ran.output
        assert advice in ran.stderr
    assert advice in answered(api, "explain", "-c", "landsat_ot_c2_l2", "--filter", filter_).replace("\n", " ")


def test_a_search_in_landsatlooks_spelling_is_not_refused(api: str) -> None:
    found = items(api, "-c", "landsat_ot_c2_l2", "--filter", "platform = 'LANDSAT_9'", "--datetime", "2024-07-01")
    assert {item["properties"]["platform"] for item in found} == {"landsat-9"}
