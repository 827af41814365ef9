"""Which file goes where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stac_bridge.client.download import plan_downloads
from stac_bridge.client.download.names import safe_name
from stac_bridge.client.errors import one_line
from stac_bridge.errors import BadRequest
from tests.unit.client.host import HREF, item

OUT = Path("out")


def planned(said: dict[str, Any], *keys: str, api: str | None = None) -> list[tuple[str, str]]:
    (download,) = plan_downloads([said], OUT, keys, api)
    return [(file.key, file.path.as_posix()) for file in download.files]


def test_a_file_goes_below_its_collection_and_item_under_the_name_in_its_href() -> None:
    assert planned(item(zip={"href": HREF})) == [("zip", "out/naip/a/a.zip")]


def test_an_href_without_a_files_name_gives_way_to_the_key_and_the_media_type() -> None:
    said = item(thumbnail={"href": "https://usgs.test/gen-browse?id=a", "type": "image/jpeg"})
    assert planned(said) == [("thumbnail", "out/naip/a/thumbnail.jpg")]


def test_two_assets_of_one_name_are_two_files_whichever_is_asked_for() -> None:
    said = item(one={"href": "http://x.test/1/a.tif"}, two={"href": "http://x.test/2/A.TIF"})
    both = planned(said)
    assert both == [("one", "out/naip/a/a.tif"), ("two", "out/naip/a/two_A.TIF")]
    assert planned(said, "two") == both[1:]


def test_no_file_takes_the_place_of_the_item() -> None:
    assert planned(item(meta={"href": "http://x.test/a.json"})) == [("meta", "out/naip/a/meta_a.json")]


@pytest.mark.parametrize(
    "evil",
    [
        *("..", ".", "", "/etc/passwd", "../../x", "a/../../b", "C:\\x", "nul", "COM1.tif", ".bashrc", "a\x00b"),
        *("x" * 400, "a\x1b[2Jb", "é" * 200 + ".tif", "a.part", "name.", "name "),
    ],
)
def test_whatever_others_call_it_a_file_stays_below_its_folder(evil: str) -> None:
    name = safe_name(evil)
    assert Path(name).name == name not in ("", ".", "..")
    assert len(name.encode()) <= 180
    assert name.isprintable()
    assert safe_name(name) == name
    said = {
        **item(zip={"href": f"http://x.test/%2e%2e%2f%2e%2e%2f{'y'}/..%2f..%2fz.tif"}),
        "id": evil,
        "collection": evil,
    }
    (download,) = plan_downloads([said], OUT)
    for path in (download.path, download.files[0].path):
        assert len(path.parts) == 4
        assert ".." not in path.parts


def test_names_that_had_to_be_changed_stay_different() -> None:
    assert len({safe_name(one) for one in ("a/b", "a:b", "a_b", "a\\b")}) == 4


def test_the_assets_asked_for_are_fetched_and_no_others() -> None:
    said = item(red={"href": "http://x.test/r.tif"}, blue={"href": "http://x.test/b.tif"})
    assert [key for key, _path in planned(said, "blue")] == ["blue"]


def test_an_item_without_the_asset_asked_for_has_nothing_to_fetch() -> None:
    other = {**item(red={"href": "http://x.test/r.tif"}), "id": "b"}
    found = plan_downloads([item(blue={"href": "http://x.test/b.tif"}), other], OUT, ["red"])
    assert [len(download.files) for download in found] == [0, 1]


def test_an_asset_that_no_item_has_is_told_with_those_there_are() -> None:
    with pytest.raises(BadRequest, match=r"'rde'.*red"):
        plan_downloads([item(red={"href": "http://x.test/r.tif"})], OUT, ["rde"])


def test_an_item_that_comes_twice_is_fetched_once() -> None:
    assert len(plan_downloads([item(), item()], OUT)) == 1


def test_hrefs_of_a_bridge_are_asked_of_the_api_that_is_named_and_others_are_not() -> None:
    said = item(zip={"href": HREF}, thumbnail={"href": "http://bridge.test/browse/a.jpg"})
    ((zipped, picture),) = (download.files for download in plan_downloads([said], OUT, (), "http://new.test/stac/"))
    assert zipped.href == HREF.replace("http://bridge.test", "http://new.test/stac")
    assert zipped.item_href == "http://new.test/stac/collections/naip/items/a"
    assert picture.href == "http://bridge.test/browse/a.jpg"


@pytest.mark.parametrize(
    "href",
    [
        "s3://bucket/a.tif",
        "file:///etc/passwd",
        "a.tif",
        "ftp://x.test/a.tif",
        "http://[::1/a",
        "http:///a",
        "http://x:99999/a",
    ],
)
def test_what_is_not_on_the_web_is_told_and_not_asked_for(href: str) -> None:
    (download,) = plan_downloads([item(zip={"href": href})], OUT)
    assert "http" in (download.files[0].unavailable or "")


def test_other_peoples_words_do_not_reach_the_terminal_as_commands() -> None:
    assert one_line("all\x1b[2J gone\n\tnow") == "all [2J gone now"
