"""What lies in the folder is a catalogue that opens without a server."""

from __future__ import annotations

import json
from pathlib import Path

import pystac

from stac_bridge.client.download import ItemDownload, Outcome, Status
from stac_bridge.client.download.catalog import static_collection, write_catalog
from stac_bridge.client.download.static_item import recorded_sizes, static_item, write_item
from tests.unit.client.host import HREF, file, item
from tests.validation import validate

SAID = {
    **item(
        zip={"href": HREF, "title": "All", "auth:refs": ["signed"], "order:status": "orderable"},
        other={"href": "http://x.test/o.tif"},
    ),
    "stac_version": "1.1.0",
    "geometry": {"type": "Point", "coordinates": [6, 45]},
    "bbox": [6, 45, 6, 45],
    "properties": {"datetime": "2024-07-28T10:00:00Z", "auth:schemes": {"signed": {"type": "signedUrl"}}},
    "stac_extensions": [
        "https://stac-extensions.github.io/authentication/v1.1.0/schema.json",
        "https://stac-extensions.github.io/order/v1.1.0/schema.json",
        "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
        "http://bridge.test/extensions/m2m/v1.0.0/schema.json",
    ],
    "links": [{"rel": "self", "href": "http://bridge.test/a"}, {"rel": "via", "href": "https://usgs.test/a"}],
}


def laid(folder: Path) -> Path:
    wanted = file(folder)
    wanted.path.parent.mkdir(parents=True)
    wanted.path.write_bytes(b"12345")
    path = wanted.path.with_name("a.json")
    write_item(ItemDownload(SAID, path, (wanted,)), [Outcome(wanted, Status.done, 5)])
    write_catalog(folder, {})
    return path


def test_an_item_has_the_files_that_are_there_and_nothing_that_only_a_server_needs() -> None:
    said = static_item(SAID, {"zip": ("a.zip", 5)}, {})
    assert said["assets"] == {"zip": {"href": "./a.zip", "title": "All", "file:size": 5}}
    assert [link["rel"] for link in said["links"]] == ["root", "parent", "collection", "via"]
    assert "auth:schemes" not in said["properties"]
    assert [one.split("/")[3] for one in said["stac_extensions"]] == ["eo", "file"]


def test_pystac_walks_the_folder_and_finds_the_files(tmp_path: Path) -> None:
    path = laid(tmp_path)
    (found,) = pystac.Catalog.from_file(str(tmp_path / "catalog.json")).get_items(recursive=True)
    assert Path(found.assets["zip"].get_absolute_href() or "").read_bytes() == b"12345"
    validate(json.loads(path.read_bytes()))


def test_assets_of_an_earlier_run_stay_as_long_as_their_files_do(tmp_path: Path) -> None:
    path = laid(tmp_path)
    other = file(tmp_path, path=path.with_name("o.tif"))
    object.__setattr__(other, "key", "other")
    write_item(ItemDownload(SAID, path, (other,)), [Outcome(other, Status.done, 7)])
    assert recorded_sizes(path) == {"a.zip": 5, "o.tif": 7}
    path.with_name("a.zip").unlink()
    write_item(ItemDownload(SAID, path, (other,)), [Outcome(other, Status.done, 7)])
    assert recorded_sizes(path) == {"o.tif": 7}


def test_an_item_of_somebody_elses_in_the_place_is_not_believed(tmp_path: Path) -> None:
    for text in ("", "[]", '{"assets": []}', '{"assets": {"a": {"href": "./../../x", "file:size": 1}}}'):
        (tmp_path / "a.json").write_text(text)
        assert recorded_sizes(tmp_path / "a.json") == {}


def test_nothing_is_written_over_an_empty_folder(tmp_path: Path) -> None:
    write_catalog(tmp_path, {})
    assert list(tmp_path.iterdir()) == []


def test_a_catalogue_leads_to_items_of_all_runs(tmp_path: Path) -> None:
    laid(tmp_path)
    (tmp_path / "naip" / "b").mkdir()
    (tmp_path / "naip" / "b" / "b.json").write_text("{}")
    write_catalog(tmp_path, {})
    links = json.loads((tmp_path / "naip" / "collection.json").read_text())["links"]
    assert [link["href"] for link in links if link["rel"] == "item"] == ["./a/a.json", "./b/b.json"]


def test_what_the_server_says_of_a_collection_is_kept_but_for_its_links_to_itself(tmp_path: Path) -> None:
    said = {
        "id": "naip",
        "title": "Aerial photographs",
        "license": "PDDL-1.0",
        "links": [
            {"rel": "items", "href": "http://bridge.test/items"},
            {"rel": "license", "href": "https://usgs.test"},
        ],
    }
    found = static_collection("naip", said, ["./a/a.json"])
    assert (found["title"], found["license"]) == ("Aerial photographs", "PDDL-1.0")
    assert [link["rel"] for link in found["links"]] == ["root", "parent", "item", "license"]
    laid(tmp_path)
    write_catalog(tmp_path, {"naip": said})
    write_catalog(tmp_path, {})  # later, and nobody to ask
    assert json.loads((tmp_path / "naip" / "collection.json").read_text()) == found


def test_a_collection_that_nobody_says_anything_of_is_still_a_valid_one(tmp_path: Path) -> None:
    laid(tmp_path)
    validate(json.loads((tmp_path / "naip" / "collection.json").read_bytes()))
