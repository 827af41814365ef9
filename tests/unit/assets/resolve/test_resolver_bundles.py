"""Files that USGS delivers only inside a bundle."""

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


class FakeTarReader:
    """A tar reader without a tar; records its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    async def member(self, whole: Source, name: str) -> Source:
        self.calls.append((whole.url, name))
        return replace(whole, name=f"{whole.name}!{name}", size=10, filename=name)


@pytest.mark.parametrize(("cloud", "tape"), [(True, False), (False, True)])
def test_an_available_bundle_replaces_an_unavailable_file(cloud: bool, tape: bool) -> None:
    offered = products(folder(SCENE, *GONE), bundle("ls_zip", cloud), bundle("dds_ms", tape))
    choice = choose(offered, wanted())
    assert (choice.product.system, choice.member) == ("ls_zip" if cloud else "dds_ms", f"{SCENE}_SR_B4.TIF")


def test_a_file_that_is_available_needs_no_bundle() -> None:
    choice = choose(products(bundle("ls_zip"), folder(SCENE, file_of(SCENE, "SR_B4.TIF"))), wanted())
    assert (choice.product.product_id, choice.member) == ("SR_B4.TIF-id", None)


def test_a_tar_is_chosen_if_no_files_are_listed() -> None:
    bare = bundle("dds", secondaryDownloads=[], downloadName=f"{SCENE}.tar")
    assert choose(products(bare), wanted()).member == f"{SCENE}_SR_B4.TIF"


@pytest.mark.parametrize("system", ["zip", "dds_zip", "dds"])
def test_compressed_and_unknown_archives_are_not_read(system: str) -> None:
    with pytest.raises(AssetUnavailable):
        choose(products(bundle(system, downloadName=f"{SCENE}.tar.gz")), wanted())


def test_a_file_missing_in_the_list_is_not_searched_in_the_bundle() -> None:
    with pytest.raises(NotFound):
        choose(products(bundle("ls_zip")), wanted("SR_B9.TIF"))


def serving(archive: FakeTarReader | None) -> tuple[Script, Any]:
    script = Script({"download-options": says([bundle("ls_zip")]), "download-request": granting()})
    return script, resolver(script, archive=archive)


async def test_members_of_one_bundle_share_its_download() -> None:
    archive = FakeTarReader()
    script, the_resolver = serving(archive)
    red, nir = await asyncio.gather(the_resolver.source(wanted()), the_resolver.source(wanted("SR_B5.TIF")))
    assert calls(script) == ["download-options", "download-request"]
    assert (red.filename, nir.filename) == (f"{SCENE}_SR_B4.TIF", f"{SCENE}_SR_B5.TIF")
    assert red.url == nir.url


async def test_a_dead_bundle_url_is_renewed_once_for_its_members() -> None:
    script, the_resolver = serving(FakeTarReader())
    files = wanted(), wanted("SR_B5.TIF")
    stale = [await the_resolver.source(file) for file in files]
    script._answers["download-request"] = [says({"availableDownloads": [{"downloadId": 2, "url": stale[0].url + "2"}]})]
    new = await asyncio.gather(*(the_resolver.renew(file, old) for file, old in zip(files, stale, strict=True)))
    assert [source.url for source in new] == [stale[0].url + "2"] * 2
    assert calls(script).count("download-request") == 2


async def test_without_a_tar_reader_the_error_recommends_the_bundle() -> None:
    _, the_resolver = serving(None)
    with pytest.raises(AssetUnavailable, match="inside a bundle"):
        await the_resolver.source(wanted())
