"""No two assets of an Item end in the same file name, because programs save them in one folder."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from m2m_sandbox.archive.datasets import archive_of, filters_of, products_of
from m2m_sandbox.archive.fact_sheets import sheets
from stac_bridge.catalog import DatasetDetails, Entry
from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter, DatasetProduct
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator
from tests.support import SIGNED, examples
from tests.unit.translate.assets.test_templates import HIGH, MEDIUM, delivered, names_of

MAPPINGS = load_mappings()
PATTERNS = [mapping.dataset.replace("*", "1") for mapping in MAPPINGS.by_pattern if mapping.dataset]
ALIASES = [*MAPPINGS.by_dataset, *PATTERNS, "an_unknown_dataset"]
PRODUCT_ROWS = [
    row
    for mapping in (*MAPPINGS.by_dataset.values(), *MAPPINGS.by_pattern, MAPPINGS.generic)
    for row in (mapping.products or {}).items()
]
PRODUCT_NAMES = sorted({row.named.replace("*", "") for _name, row in PRODUCT_ROWS if row and row.named})
PRODUCT_CODES = sorted({row.code or name for name, row in PRODUCT_ROWS if row and not row.named})
IDS = ["SRTM1N33W099V3", "AR5880037725689", "LC08_L2SP_047027_20201204_20210313_02_T1", "X", "a_browse.jpg"]
PICTURES = ["https://a.test/x.jpg", "https://b.test/x.jpg", "https://a.test/gen-browse?a=1", "https://a.test/X.tif"]
PICTURES += ["https://a.test/LC08_L2SP_047027_20201204_20210313_02_T1_SR_B4.TIF", None]


def shared_names(item: dict[str, Any]) -> set[str]:
    """Return the file names that several assets of an Item have."""
    counted = Counter(name.casefold() for name in names_of(item).values())
    return {name for name, number in counted.items() if number > 1}


def test_the_unpacked_scan_has_another_name_than_the_one_in_medium_resolution() -> None:
    names = names_of(delivered("aerial_combin", "AR5880037725689", ("D197", MEDIUM), ("D198", HIGH)))
    assert set(names.values()) == {"AR5880037725689.tif", "AR5880037725689.tif.gz", "AR5880037725689_image.tif"}


def test_products_of_unknown_kinds_have_names_of_their_own() -> None:
    names = names_of(delivered("unheard_of", "X1", ("D1", "Something new"), ("D2", "Something else")))
    assert names == {"d1_something_new": "X1", "d2_something_else": "X1_d2_something_else"}


def test_a_band_keeps_its_name_when_a_picture_has_it_too() -> None:
    band = "LC08_L2SP_047027_20201204_20210313_02_T1_SR_B4.TIF"
    scene = read_scene(
        {
            "entityId": "LC80470272020339LGN00",
            "displayId": band.removesuffix("_SR_B4.TIF"),
            "browse": [{"browsePath": f"https://a.test/{band}"}],
            "options": {"download": True},
            "metadata": [{"fieldName": "Satellite", "value": "8"}],
        }
    )
    translator = translator_of("landsat_ot_c2_l2")
    names = names_of(translator.finish(translator.core(scene), scene, "http://here/", SIGNED))
    assert names["red"] == band
    assert names["reduced_resolution_browse"] != band


def translator_of(alias: str) -> Translator:
    """Return the translator of a dataset of the sandbox, whose filters and products are known."""
    raw = {"datasetAlias": alias, "datasetId": "5e83a340bf820c39"}
    products = (DatasetProduct(product_id=row["id"], code=row["code"], name=row["name"]) for row in products_of(alias))
    filters = (DatasetFilter.model_validate(row) for row in filters_of(alias))
    details = DatasetDetails(tuple(filters), tuple(products))
    return Translator(Entry(Dataset.model_validate(raw), MAPPINGS.for_dataset(alias), details))


def test_no_two_assets_of_an_item_of_the_sandbox_have_one_name() -> None:
    for alias in sheets():
        archive, translator = archive_of(alias), translator_of(alias)
        for index in range(0, len(archive), len(archive) // 40 or 1) if archive else ():
            scene = read_scene(archive.scene(index, full=True))
            item = translator.finish(translator.core(scene), scene, "http://here/", SIGNED)
            assert shared_names(item) == set(), (alias, item["id"])


PRODUCTS = st.tuples(
    st.sampled_from([*PRODUCT_CODES, "D1", "D2", "D3"]),
    st.builds(str.__add__, st.sampled_from([*PRODUCT_NAMES, "Standard Format"]), st.sampled_from(["", " A", " b"])),
)


@given(
    st.sampled_from(ALIASES),
    st.sampled_from(IDS),
    st.lists(PRODUCTS, max_size=6, unique=True),
    st.sampled_from(PICTURES),
    st.sampled_from(PICTURES),
)
@settings(max_examples=examples(300))
def test_no_two_assets_of_any_dataset_have_one_name_and_names_do_not_depend_on_what_is_selected(
    alias: str, display_id: str, products: list[tuple[str, str]], thumbnail: str | None, browse: str | None
) -> None:
    dataset = Dataset.model_validate({"datasetAlias": alias, "datasetId": "5e83a340bf820c39"})
    details = DatasetDetails(
        (), tuple(DatasetProduct(product_id=code, code=code, name=name) for code, name in products)
    )
    translator = Translator(Entry(dataset, MAPPINGS.for_dataset(alias), details))
    scene = read_scene(
        {
            "entityId": "E1",
            "displayId": display_id,
            "options": {"download": True},
            "browse": [{"thumbnailPath": thumbnail, "browsePath": browse}],
            "metadata": [{"fieldName": "Satellite", "value": "8"}],
        }
    )
    core = translator.core(scene)
    item = translator.finish(core, scene, "http://here/", SIGNED)
    assert shared_names(item) == set()
    for key, name in names_of(item).items():
        alone = translator.finish(core, scene, "http://here/", SIGNED, key.__eq__)
        assert names_of(alone) == {key: name}
