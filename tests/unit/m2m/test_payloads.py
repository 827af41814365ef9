"""What the client sends is what M2M accepts: arrays are arrays, and ids are single."""

from __future__ import annotations

import pytest

from stac_bridge.m2m.models.downloads import DownloadInput, FetchedDownload
from tests.support import Script, m2m_client, says


@pytest.mark.parametrize("ids", ["a", ["a"], ("a",)])
async def test_a_list_of_ids_is_an_array_even_of_one(ids: str | list[str] | tuple[str, ...]) -> None:
    script = Script({"scene-list-add": says(1), "download-options": says([])})
    client = m2m_client(script)
    await client.scene_list_add("list", "naip", ids)
    await client.download_options("naip", ids)
    assert [payload["entityIds"] for name, payload in script.asked if name != "login-token"] == [["a"], ["a"]]


async def test_the_rows_of_downloads_are_arrays_even_of_one() -> None:
    script = Script({"download-request": says({}), "download-complete-proxied": says({})})
    client = m2m_client(script)
    await client.download_request([DownloadInput("a", "b")], "label")
    await client.download_complete_proxied([FetchedDownload(7, 10)])
    assert [payload for name, payload in script.asked if name != "login-token"] == [
        {"downloads": [{"entityId": "a", "productId": "b"}], "label": "label"},
        {"proxiedDownloads": [{"downloadId": 7, "downloadedSize": 10}]},
    ]


async def test_a_download_is_removed_by_its_single_id() -> None:
    script = Script({"download-remove": says(True)})
    await m2m_client(script).download_remove(7)
    assert script.asked[-1] == ("download-remove", {"downloadId": 7})


@pytest.mark.parametrize(
    ("data", "roles"),
    [
        (["user", "download"], ("user", "download")),
        ("user", ("user",)),
        ({"0": "user"}, ("user",)),
        (None, ()),
        ([], ()),
    ],
)
async def test_permissions_are_names_in_whatever_form_they_come(data: object, roles: tuple[str, ...]) -> None:
    assert await m2m_client(Script({"permissions": says(data)})).permissions() == roles
