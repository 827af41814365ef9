"""A download folder is a catalog that opens without a server."""

from __future__ import annotations

import json
from pathlib import Path

import pystac

from stac_bridge.client.download import ItemDownload, Outcome, Status
from stac_bridge.client.download.catalog import static_collection, write_catalog
from stac_bridge.client.download.static_item import recorded_sizes, static_item, write_item
from tests.unit.client.download.host import HREF, file, item
from tests.validation import validate

ITEM = {
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


def downloaded(folder: Path) -> Path:
    target = file(folder)
    target.path.parent.mkdir(parents=True)
    target.path.write_bytes(b"12345")
    path = target.path.with_name("a.json")
    write_item(ItemDownload(ITEM, path, (target,)), [Outcome(target, Status.done, 5)])
    write_catalog(folder, {})
    return path


def test_an_item_has_its_local_files_and_nothing_that_needs_a_server() -> None:
    document = static_item(ITEM, {"zip": ("a.zip", 5)}, {})
    assert document["assets"] == {"zip": {"href": "./a.zip", "title": "All", "file:size": 5}}
    assert [link["rel"] for link in document["links"]] == ["root", "parent", "collection", "via"]
    assert "auth:schemes" not in document["properties"]
    assert [uri.split("/")[3] for uri in document["stac_extensions"]] == ["eo", "file"]


def test_pystac_walks_the_folder_and_finds_the_files(tmp_path: Path) -> None:
    path = downloaded(tmp_path)
    (item_,) = pystac.Catalog.from_file(str(tmp_path / "catalog.json")).get_items(recursive=True)
    assert Path(item_.assets["zip"].get_absolute_href() or "").read_bytes() == b"12345"
    validate(json.loads(path.read_bytes()))


def test_assets_of_an_earlier_run_stay_while_their_files_exist(tmp_path: Path) -> None:
    path = downloaded(tmp_path)
    other = file(tmp_path, path=path.with_name("o.tif"))
    object.__setattr__(other, "key", "other")
    write_item(ItemDownload(ITEM, path, (other,)), [Outcome(other, Status.done, 7)])
    assert recorded_sizes(path) == {"a.zip": 5, "o.tif": 7}
    path.with_name("a.zip").unlink()
    write_item(ItemDownload(ITEM, path, (other,)), [Outcome(other, Status.done, 7)])
    assert recorded_sizes(path) == {"o.tif": 7}


def test_an_item_of_another_program_is_ignored(tmp_path: Path) -> None:
    for text in ("", "[]", '{"assets": []}', '{"assets": {"a": {"href": "./../../x", "file:size": 1}}}'):
        (tmp_path / "a.json").write_text(text)
        assert recorded_sizes(tmp_path / "a.json") == {}


def test_no_catalog_is_written_for_an_empty_folder(tmp_path: Path) -> None:
    write_catalog(tmp_path, {})
    assert list(tmp_path.iterdir()) == []


def test_a_catalog_links_the_items_of_all_runs(tmp_path: Path) -> None:
    downloaded(tmp_path)
    (tmp_path / "naip" / "b").mkdir()
    (tmp_path / "naip" / "b" / "b.json").write_text("{}")
    write_catalog(tmp_path, {})
    links = json.loads((tmp_path / "naip" / "collection.json").read_text())["links"]
    assert [link["href"] for link in links if link["rel"] == "item"] == ["./a/a.json", "./b/b.json"]


def test_a_collection_keeps_its_fields_and_its_external_links(tmp_path: Path) -> None:
    document = {
        "id": "naip",
        "title": "Aerial photographs",
        "license": "PDDL-1.0",
        "links": [
            {"rel": "items", "href": "http://bridge.test/items"},
            {"rel": "license", "href": "https://usgs.test"},
        ],
    }
    collection = static_collection("naip", document, ["./a/a.json"])
    assert (collection["title"], collection["license"]) == ("Aerial photographs", "PDDL-1.0")
    assert [link["rel"] for link in collection["links"]] == ["root", "parent", "item", "license"]
    downloaded(tmp_path)
    write_catalog(tmp_path, {"naip": document})
    write_catalog(tmp_path, {})  # a later run, without a server
    assert json.loads((tmp_path / "naip" / "collection.json").read_text()) == collection


def test_a_collection_without_a_source_is_valid(tmp_path: Path) -> None:
    downloaded(tmp_path)
    validate(json.loads((tmp_path / "naip" / "collection.json").read_bytes()))
