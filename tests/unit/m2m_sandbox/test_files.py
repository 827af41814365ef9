"""Tests of the files of tiles, elevation and film as the download hosts serve them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from m2m_sandbox import create_sandbox
from m2m_sandbox.archive.landsat.families import ARD
from m2m_sandbox.archive.small import small_archive
from tests.unit.m2m_sandbox.sandbox_client import Clock, SandboxClient


@pytest.fixture
async def client(clock: Clock) -> AsyncIterator[SandboxClient]:
    sandbox_client = SandboxClient(create_sandbox(base_url="http://sandbox", clock=clock, staging_seconds=0))
    await sandbox_client.log_in()
    yield sandbox_client
    await sandbox_client.http.aclose()


async def tile_options(client: SandboxClient) -> list[dict[str, Any]]:
    scenes = await client.call("scene-search", {"datasetName": ARD.dataset, "maxResults": 1})
    options: list[dict[str, Any]] = await client.options(ARD.dataset, scenes["results"][0]["entityId"])
    return options


async def url_of(client: SandboxClient, product: dict[str, Any]) -> str:
    response = await client.request({"entityId": product["entityId"], "productId": product["id"]}, label="x")
    assert not response["preparingDownloads"]
    return str(response["availableDownloads"][0]["url"])


@pytest.mark.parametrize(
    ("ending", "media_type", "head"),
    [
        ("QA_PIXEL.TIF", "image/tiff", b"II*\0"),
        ("SR_stac.json", "application/json", b'{"type":"Feature"'),
        ("MTL.json", "application/json", b'{\n  "LANDSAT_METADATA_FILE"'),
        ("thumb_small.jpeg", "image/jpeg", b"\xff\xd8\xff"),
    ],
)
async def test_a_file_of_a_tile_is_requested_by_its_name_and_read_by_range(
    client: SandboxClient, ending: str, media_type: str, head: bytes
) -> None:
    folder = (await tile_options(client))[0]
    product = next(file for file in folder["secondaryDownloads"] if file["downloadName"] == ending)
    assert product["entityId"] == f"{folder['displayId']}_{ending}"
    url = await url_of(client, product)
    assert url.startswith("http://sandbox/tile/collection02/")
    assert f"/{folder['displayId']}/{product['entityId']}?requestSignature=" in url
    response = await client.http.get(url, headers={"Range": f"bytes=0-{len(head) - 1}"})
    assert (response.status_code, response.content, response.headers["content-type"]) == (206, head, media_type)
    assert response.headers["content-range"] == f"bytes 0-{len(head) - 1}/{product['filesize']}"


async def test_each_bundle_of_a_tile_is_a_tar_archive_that_begins_with_its_own_files(client: SandboxClient) -> None:
    first = {"META": "MTL.json", "SR": "SR_B1.TIF", "ST": "ST_", "TOA": "TOA_B1.TIF", "BT": "BT_B", "QA": "QA_"}
    for product, (part, name) in zip((await tile_options(client))[1:], first.items(), strict=True):
        response = await client.http.get(await url_of(client, product), headers={"Range": "bytes=0-511"})
        assert response.status_code == 206
        assert f'filename="{product["displayId"]}_{part}.tar"' in response.headers["content-disposition"]
        entry = tarfile.TarInfo.frombuf(response.content, "utf-8", "strict")
        assert entry.name.startswith(f"{product['displayId']}_{name}")


async def test_a_signature_of_one_tile_does_not_open_another(client: SandboxClient) -> None:
    url = httpx.URL(await url_of(client, (await tile_options(client))[2]))
    other = url.copy_merge_params({"landsat_product_id": "LC09_CU_003004_20230909_20230914_02_SR"})
    assert (await client.http.get(other)).status_code == 403


@pytest.mark.parametrize(
    ("dataset", "code", "form"),
    [
        ("corona2", "D183", "{}.tif.gz"),
        ("declassii", "D185", "{}.tif.gz"),
        ("declassiii", "D186", "{}.tgz"),
        ("aerial_combin", "D197", "{}.tif"),
        ("aerial_combin", "D198", "{}.tif.gz"),
        ("aerial_combin", "D555", "{}_calibration_report.pdf"),
    ],
)
async def test_the_real_name_of_a_staged_file_is_in_its_content_disposition(
    client: SandboxClient, dataset: str, code: str, form: str
) -> None:
    archive = small_archive(dataset)
    number = next(number for number in range(len(archive)) if archive.offers(number, code))
    entity_id = archive.scene(number, full=False)["entityId"]
    product = next(row for row in await client.options(dataset, entity_id) if row["productCode"] == code)
    response = await client.http.get(await url_of(client, product))
    assert response.headers["content-disposition"] == f'attachment; filename="{form.format(entity_id)}"'
    assert len(response.content) == product["filesize"] == int(response.headers["content-length"])


async def test_the_film_of_declass_3_is_several_tiffs_in_one_archive(client: SandboxClient) -> None:
    archive = small_archive("declassiii")
    number = next(number for number in range(len(archive)) if archive.offers(number, "D186"))
    entity_id = archive.scene(number, full=False)["entityId"]
    (product,) = await client.options("declassiii", entity_id)
    content = (await client.http.get(await url_of(client, product))).content
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as packed:
        names = packed.getnames()
    assert len(names) > 1
    assert names == [f"{entity_id}_{letter}.tif" for letter in "abcdefgh"[: len(names)]]
