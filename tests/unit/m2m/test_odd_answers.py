"""Answers in forms that M2M's PHP produces, and rows that are unreadable."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from stac_bridge.errors import UpstreamFault
from stac_bridge.m2m.models.scenes import read_scene, read_scenes
from tests.support import Script, m2m_client, says

FILTER = {"id": "a", "fieldLabel": "Path", "fieldConfig": {"type": "Range"}, "searchSql": "WRS_PATH between ?"}
SCENE = {"entityId": "1", "displayId": "a"}


@pytest.mark.parametrize("odd", [{}, {**FILTER, "fieldConfig": None}, {**FILTER, "id": None}, None, "text"])
async def test_an_unreadable_filter_does_not_hide_the_others(odd: Any, caplog: pytest.LogCaptureFixture) -> None:
    script = Script({"dataset-filters": says([odd, FILTER])})
    with caplog.at_level(logging.WARNING):
        assert [row.label for row in await m2m_client(script).dataset_filters("naip")] == ["Path"]
    assert "DatasetFilter" in caplog.text


async def test_an_answer_without_a_readable_row_is_a_fault() -> None:
    with pytest.raises(UpstreamFault):
        await m2m_client(Script({"dataset-filters": says([{}])})).dataset_filters("naip")


@pytest.mark.parametrize("sql", [None, "", "image_quality"])
async def test_a_filter_may_lack_its_sql(sql: str | None) -> None:
    script = Script({"dataset-filters": says([{**FILTER, "searchSql": sql}])})
    (row,) = await m2m_client(script).dataset_filters("naip")
    assert row.sql == (sql or "")


async def test_a_list_of_values_whose_keys_count_from_0_is_a_map() -> None:
    script = Script({"dataset-filters": says([{**FILTER, "valueList": ["Worst = 0", "Best = 1"]}])})
    (row,) = await m2m_client(script).dataset_filters("naip")
    assert row.value_list == {"0": "Worst = 0", "1": "Best = 1"}


@pytest.mark.parametrize("yes", [True, "Y", 1])
@pytest.mark.parametrize("no", [False, "N", None, 0])
def test_options_may_be_letters(yes: Any, no: Any) -> None:
    scene = read_scene({**SCENE, "options": {"download": no, "order": yes}})
    assert (scene.downloadable, scene.orderable) == (False, True)


def test_lists_with_gaps_are_read() -> None:
    scene = {
        **SCENE,
        "browse": {"1": {"browsePath": "https://ims.example/a.jpg"}},
        "metadata": {"0": {"fieldName": "Path", "value": 1}, "2": {"fieldName": "Row", "value": 2}},
        "options": [],
    }
    (read,) = read_scenes({"results": {"1": scene}, "totalHits": 1}).results
    assert [browse.browse_path for browse in read.browse] == ["https://ims.example/a.jpg"]
    assert read.fields == {"path": 1, "row": 2}


async def test_lists_with_gaps_of_a_scene_list_are_read() -> None:
    script = Script({"scene-metadata-list": says({"naip": {"0": SCENE, "2": SCENE}})})
    assert len(await m2m_client(script).scene_metadata_list("list")) == 2
