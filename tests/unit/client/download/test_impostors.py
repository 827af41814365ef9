"""What is not the file is never kept as done; a file without a name in its href gets the server's."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.client.download import FetchContext, Fetcher, Status, plan_downloads
from tests.unit.client.download.host import BODY, Host, Recorder, Web, fetch, file, item, no_time

HTML = b"<!DOCTYPE html>\n<html><title>Sign in</title></html>"
DENIED = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'
BINARY = {"Content-Type": "application/octet-stream"}

IMPOSTORS: dict[str, tuple[dict[str, str], bytes]] = {
    "HTML as octet-stream": (BINARY, HTML),
    "an XML error": ({"Content-Type": "application/xml"}, DENIED),
    "an XML error as octet-stream": (BINARY, DENIED),
    "a JSON error": ({"Content-Type": "application/json"}, b'{"errorCode": "AUTH_INVALID"}'),
    "no bytes": (BINARY, b""),
    "a coded body": ({**BINARY, "Content-Encoding": "gzip"}, gzip.compress(BODY)),
    "another coding": ({**BINARY, "Content-Encoding": "br"}, BODY),
}


def answer(headers: dict[str, str], body: bytes) -> Callable[[httpx.Request], httpx.Response]:
    """Return a host that sends the bytes as they are, with a Content-Length."""
    sent = {**headers, "Content-Length": str(len(body))}
    return lambda _request: httpx.Response(200, headers=sent, stream=httpx.ByteStream(body))


@pytest.mark.parametrize(("headers", "body"), IMPOSTORS.values(), ids=IMPOSTORS)
async def test_an_impostor_fails_and_leaves_no_file(tmp_path: Path, headers: dict[str, str], body: bytes) -> None:
    (outcome,) = await fetch(answer(headers, body), file(tmp_path))
    assert outcome.status is Status.failed
    assert outcome.reason
    assert not list(tmp_path.rglob("a.zip*"))


@pytest.mark.parametrize(("headers", "body"), IMPOSTORS.values(), ids=IMPOSTORS)
async def test_an_impostor_behind_a_redirect_is_replaced_by_the_bridges_own_stream(
    tmp_path: Path, headers: dict[str, str], body: bytes
) -> None:
    def web(request: httpx.Request) -> httpx.Response:
        if request.url.host == "files.test":
            return answer(headers, body)(request)
        if "origin" in request.headers:
            return Host().whole(request)
        return httpx.Response(302, headers={"Location": "http://files.test/a.zip"})

    (outcome,) = await fetch(web, file(tmp_path))
    assert outcome.status is Status.done
    assert file(tmp_path).path.read_bytes() == BODY


@pytest.mark.parametrize("saved", [HTML, DENIED, b""])
async def test_an_impostor_that_an_earlier_version_kept_is_downloaded_again(tmp_path: Path, saved: bytes) -> None:
    await fetch(Host(), file(tmp_path))
    target = file(tmp_path)
    target.path.write_bytes(saved)
    document = json.loads((target.path.parent / "a.json").read_text())
    document["assets"]["zip"]["file:size"] = len(saved)
    (target.path.parent / "a.json").write_text(json.dumps(document))
    (outcome,) = await fetch(Host(), target)
    assert (outcome.status, target.path.read_bytes()) == (Status.done, BODY)


async def test_a_part_that_is_a_page_is_not_resumed_into_a_file(tmp_path: Path) -> None:
    path = file(tmp_path).path
    path.parent.mkdir(parents=True)
    path.with_name("a.zip.part").write_bytes(HTML)
    path.with_name("a.zip.part.json").write_text(json.dumps({"size": len(HTML), "etag": '"one"'}))
    (outcome,) = await fetch(Host(), file(tmp_path))
    assert (outcome.is_complete, path.read_bytes()) == (True, BODY)


async def test_an_empty_file_is_kept_if_the_item_says_so(tmp_path: Path) -> None:
    (outcome,) = await fetch(answer(BINARY, b""), file(tmp_path, size=0))
    assert (outcome.status, outcome.size) == (Status.done, 0)


async def test_an_archive_whose_own_compression_is_called_a_coding_is_kept(tmp_path: Path) -> None:
    target = file(tmp_path, path=tmp_path / "a.tar.gz", media_type="application/gzip")
    packed = gzip.compress(BODY)
    (outcome,) = await fetch(answer({"Content-Encoding": "gzip"}, packed), target)
    assert (outcome.status, target.path.read_bytes()) == (Status.done, packed)


def named(name: str) -> Callable[[httpx.Request], httpx.Response]:
    return answer({**BINARY, "Content-Disposition": f'attachment; filename="{name}"'}, BODY)


async def test_a_file_without_a_name_in_its_href_gets_the_servers(tmp_path: Path) -> None:
    document = item(d410={"href": "http://x.test/assets/d410?e=1&s=2", "type": "application/octet-stream"})
    (download,) = plan_downloads([document], tmp_path)
    (outcome,) = await fetch(named("AR1VFZZ00010001.tif"), *download.files)
    assert outcome.file.path == download.path.with_name("AR1VFZZ00010001.tif")
    assert sorted(path.name for path in download.path.parent.iterdir()) == ["AR1VFZZ00010001.tif", "a.json"]
    written = json.loads(download.path.read_text())
    assert written["assets"]["d410"]["href"] == "./AR1VFZZ00010001.tif"
    (again,) = await fetch(lambda _request: httpx.Response(500), *download.files)
    assert again.status is Status.skipped


async def test_two_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    document = item(
        one={"href": "http://x.test/one"}, two={"href": "http://x.test/two"}, tif={"href": "http://x/A.TIF"}
    )
    (download,) = plan_downloads([document], tmp_path, ["one", "two"])
    outcomes = await fetch(named("frame.tif"), *download.files)
    assert len({outcome.file.path for outcome in outcomes}) == 2
    assert sorted(path.suffix for path in download.path.parent.iterdir()) == [".json", ".tif", ".tif"]


async def test_a_name_in_the_href_is_kept(tmp_path: Path) -> None:
    (outcome,) = await fetch(named("other.zip"), file(tmp_path))
    assert outcome.file.path.name == "a.zip"


@given(name=st.text(max_size=40), query=st.sampled_from(["?e=1&x=2&s=3", "%3Fe=1%26s=2", "?sig=a/b.tif", "#x?y=1"]))
def test_no_name_has_a_query_in_it_or_leaves_its_folder(name: str, query: str) -> None:
    (download,) = plan_downloads([item(a={"href": f"http://x.test/d/{name}B4.TIF{query}"})], Path("folder"))
    (planned,) = download.files
    assert not set("?&#/\\") & (set(planned.path.name) - set(name))
    assert planned.path.parent == Path("folder") / "naip" / "a"


async def test_outcomes_are_found_by_the_planned_path_of_a_file_that_the_server_names(tmp_path: Path) -> None:
    document = item(d410={"href": "http://x.test/assets/d410", "type": "application/octet-stream"})
    (download,) = plan_downloads([document], tmp_path)
    async with httpx.AsyncClient(transport=Web(named("frame.tif"))) as http:
        fetcher = Fetcher(FetchContext(http, asyncio.Semaphore(1), 0, no_time), Recorder())
        await fetcher.fetch([download])
    assert {path: outcome.file.path.name for path, outcome in fetcher.outcomes.items()} == {
        download.files[0].path: "frame.tif"
    }
