"""Files that only a bundle of their scene has."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from stac_bridge.assets import Source
from stac_bridge.assets.resolve.product import choose
from stac_bridge.errors import AssetUnavailable, NotFound
from stac_bridge.m2m.models.downloads import Product
from tests.minting import SCENE, calls, file_of, folder, granting, resolver, wanted
from tests.support import Script, says

GONE = [file_of(SCENE, band, available=False) for band in ("SR_B4.TIF", "SR_B5.TIF")]


def bundle(system: str, available: bool = True, **more: Any) -> dict[str, Any]:
    return folder(SCENE, *GONE, id=f"bundle-{system}", productCode=f"D-{system}", downloadSystem=system) | {
        "available": available,
        **more,
    }


def products(*rows: dict[str, Any]) -> list[Product]:
    return [Product.model_validate(row) for row in rows]


class Opened:
    """Looks into archives as told, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def member(self, whole: Source, name: str) -> Source:
        self.asked.append((whole.url, name))
        return replace(whole, name=f"{whole.name}!{name}", size=10, filename=name)


@pytest.mark.parametrize(("cloud", "tape"), [(True, False), (False, True)])
def test_the_bundle_that_is_available_stands_in_for_a_file_that_is_not(cloud: bool, tape: bool) -> None:
    offered = products(folder(SCENE, *GONE), bundle("ls_zip", cloud), bundle("dds_ms", tape))
    choice = choose(offered, wanted())
    assert (choice.product.system, choice.member) == ("ls_zip" if cloud else "dds_ms", f"{SCENE}_SR_B4.TIF")


def test_a_file_that_is_available_needs_no_bundle() -> None:
    choice = choose(products(bundle("ls_zip"), folder(SCENE, file_of(SCENE, "SR_B4.TIF"))), wanted())
    assert (choice.product.product_id, choice.member) == ("SR_B4.TIF-id", None)


def test_where_no_files_are_listed_a_tar_may_have_it() -> None:
    bare = bundle("dds", secondaryDownloads=[], downloadName=f"{SCENE}.tar")
    assert choose(products(bare), wanted()).member == f"{SCENE}_SR_B4.TIF"


@pytest.mark.parametrize("system", ["zip", "dds_zip", "dds"])
def test_an_archive_that_is_compressed_or_unknown_is_not_looked_into(system: str) -> None:
    with pytest.raises(AssetUnavailable):
        choose(products(bundle(system, downloadName=f"{SCENE}.tar.gz")), wanted())


def test_a_file_that_the_scenes_files_do_not_name_is_not_found_in_its_bundle() -> None:
    with pytest.raises(NotFound):
        choose(products(bundle("ls_zip")), wanted("SR_B9.TIF"))


def serving(archive: Opened | None) -> tuple[Script, Any]:
    script = Script({"download-options": says([bundle("ls_zip")]), "download-request": granting()})
    return script, resolver(script, archive=archive)


async def test_members_of_one_bundle_share_its_download() -> None:
    archive = Opened()
    script, found = serving(archive)
    red, nir = await asyncio.gather(found.source(wanted()), found.source(wanted("SR_B5.TIF")))
    assert calls(script) == ["download-options", "download-request"]
    assert (red.filename, nir.filename) == (f"{SCENE}_SR_B4.TIF", f"{SCENE}_SR_B5.TIF")
    assert red.url == nir.url


async def test_a_bundles_url_that_died_is_renewed_once_for_its_members() -> None:
    script, found = serving(Opened())
    asked = wanted(), wanted("SR_B5.TIF")
    stale = [await found.source(one) for one in asked]
    script._answers["download-request"] = [says({"availableDownloads": [{"downloadId": 2, "url": stale[0].url + "2"}]})]
    new = await asyncio.gather(*(found.renew(one, old) for one, old in zip(asked, stale, strict=True)))
    assert [one.url for one in new] == [stale[0].url + "2"] * 2
    assert calls(script).count("download-request") == 2


async def test_without_a_way_into_archives_the_reader_is_told_to_take_the_bundle() -> None:
    _, found = serving(None)
    with pytest.raises(AssetUnavailable, match="inside a bundle"):
        await found.source(wanted())
