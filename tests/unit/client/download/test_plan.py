"""Which files are downloaded, and where they go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stac_bridge.client.download import plan_downloads
from stac_bridge.client.download.names import safe_name
from stac_bridge.errors import BadRequest
from tests.unit.client.download.host import HREF, item

OUT = Path("out")


def planned(document: dict[str, Any], *keys: str, api: str | None = None) -> list[tuple[str, str]]:
    (download,) = plan_downloads([document], OUT, keys, api)
    return [(file.key, file.path.as_posix()) for file in download.files]


def test_a_file_goes_below_its_collection_and_item_under_the_name_in_its_href() -> None:
    assert planned(item(zip={"href": HREF})) == [("zip", "out/naip/a/a.zip")]


def test_an_href_without_a_file_name_is_named_by_key_and_media_type() -> None:
    document = item(thumbnail={"href": "https://usgs.test/gen-browse?id=a", "type": "image/jpeg"})
    assert planned(document) == [("thumbnail", "out/naip/a/thumbnail.jpg")]


def test_two_assets_of_one_name_are_two_files_whichever_is_selected() -> None:
    document = item(one={"href": "http://x.test/1/a.tif"}, two={"href": "http://x.test/2/A.TIF"})
    both = planned(document)
    assert both == [("one", "out/naip/a/a.tif"), ("two", "out/naip/a/two_A.TIF")]
    assert planned(document, "two") == both[1:]


def test_no_file_has_the_name_of_the_item_file() -> None:
    assert planned(item(meta={"href": "http://x.test/a.json"})) == [("meta", "out/naip/a/meta_a.json")]


@pytest.mark.parametrize(
    "evil",
    [
        *("..", ".", "", "/etc/passwd", "../../x", "a/../../b", "C:\\x", "nul", "COM1.tif", ".bashrc", "a\x00b"),
        *("x" * 400, "a\x1b[2Jb", "é" * 200 + ".tif", "a.part", "name.", "name "),
    ],
)
def test_a_file_stays_in_its_folder_whatever_its_name(evil: str) -> None:
    name = safe_name(evil)
    assert Path(name).name == name not in ("", ".", "..")
    assert len(name.encode()) <= 180
    assert name.isprintable()
    assert safe_name(name) == name
    document = {
        **item(zip={"href": f"http://x.test/%2e%2e%2f%2e%2e%2f{'y'}/..%2f..%2fz.tif"}),
        "id": evil,
        "collection": evil,
    }
    (download,) = plan_downloads([document], OUT)
    for path in (download.path, download.files[0].path):
        assert len(path.parts) == 4
        assert ".." not in path.parts


def test_changed_names_stay_different() -> None:
    assert len({safe_name(name) for name in ("a/b", "a:b", "a_b", "a\\b")}) == 4


def test_only_the_selected_assets_are_planned() -> None:
    document = item(red={"href": "http://x.test/r.tif"}, blue={"href": "http://x.test/b.tif"})
    assert [key for key, _path in planned(document, "blue")] == ["blue"]


def test_an_item_without_the_selected_asset_has_no_files() -> None:
    other = {**item(red={"href": "http://x.test/r.tif"}), "id": "b"}
    downloads = plan_downloads([item(blue={"href": "http://x.test/b.tif"}), other], OUT, ["red"])
    assert [len(download.files) for download in downloads] == [0, 1]


def test_an_unknown_asset_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(BadRequest, match=r"'rde'.*red"):
        plan_downloads([item(red={"href": "http://x.test/r.tif"})], OUT, ["rde"])


def test_a_repeated_item_is_planned_once() -> None:
    assert len(plan_downloads([item(), item()], OUT)) == 1


def test_only_a_bridges_hrefs_are_moved_to_the_given_api() -> None:
    document = item(zip={"href": HREF}, thumbnail={"href": "http://bridge.test/browse/a.jpg"})
    ((zipped, picture),) = (download.files for download in plan_downloads([document], OUT, (), "http://new.test/stac/"))
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
def test_an_href_that_is_not_http_is_unavailable(href: str) -> None:
    (download,) = plan_downloads([item(zip={"href": href})], OUT)
    assert "http" in (download.files[0].unavailable or "")


@pytest.mark.parametrize("value", ["x", [], {}, None])
def test_a_size_or_checksum_of_another_type_is_no_statement_about_the_file(value: Any) -> None:
    checksum = 5 if isinstance(value, str) else value
    document = item(zip={"href": HREF, "file:size": value, "file:checksum": checksum})
    (download,) = plan_downloads([document], OUT)
    assert [(file.size, file.checksum) for file in download.files] == [(None, None)]
