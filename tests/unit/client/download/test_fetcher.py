"""Files arrive complete, or the outcome says why not."""

from __future__ import annotations

import asyncio
import errno
import json
from pathlib import Path

import httpx
import pytest

from stac_bridge.client.download import Status
from stac_bridge.client.download.retries import disk_failure
from tests.unit.client.download.host import BODY, HREF, MULTIHASH, Host, Recorder, cut, fetch, file, says

ELSEWHERE = "http://files.test/a.zip?requestSignature=secret"


def save_part(folder: Path, received: int, etag: str = '"one"') -> Path:
    """Write a part as an earlier run leaves it; return the path of the complete file."""
    path = file(folder).path
    path.parent.mkdir(parents=True)
    path.with_name("a.zip.part").write_bytes(BODY[:received])
    note = {"size": len(BODY), "etag": etag, "last_modified": None}
    path.with_name("a.zip.part.json").write_text(json.dumps(note))
    return path


def names(path: Path) -> list[str]:
    return sorted(child.name for child in path.parent.iterdir())


async def test_a_download_leaves_the_file_and_its_item_and_nothing_else(tmp_path: Path) -> None:
    target = file(tmp_path)
    (outcome,) = await fetch(Host(), target)
    assert (outcome.status, outcome.size) == (Status.done, len(BODY))
    assert target.path.read_bytes() == BODY
    assert names(target.path) == ["a.json", "a.zip"]


async def test_a_complete_file_is_skipped_without_a_request(tmp_path: Path) -> None:
    await fetch(Host(), file(tmp_path))
    host = Host()
    (outcome,) = await fetch(host, file(tmp_path))
    assert (outcome.status, host.requests) == (Status.skipped, [])


async def test_without_a_recorded_size_a_head_decides_whether_a_file_is_complete(tmp_path: Path) -> None:
    await fetch(Host(), file(tmp_path))
    file(tmp_path).path.with_name("a.json").unlink()
    host = Host()
    (outcome,) = await fetch(host, file(tmp_path))
    assert (outcome.status, [request.method for request in host.requests]) == (Status.skipped, ["HEAD"])


@pytest.mark.parametrize("wrong", [BODY[:100], bytes(len(BODY))])
async def test_a_file_of_the_wrong_size_or_checksum_is_downloaded_again(tmp_path: Path, wrong: bytes) -> None:
    target = file(tmp_path, checksum=MULTIHASH)
    await fetch(Host(), target)
    target.path.write_bytes(wrong)
    (outcome,) = await fetch(Host(), target)
    assert outcome.status is Status.done
    assert target.path.read_bytes() == BODY


async def test_overwrite_downloads_complete_files_again(tmp_path: Path) -> None:
    await fetch(Host(), file(tmp_path))
    (outcome,) = await fetch(Host(), file(tmp_path), overwrite=True)
    assert outcome.status is Status.done


async def test_a_part_of_an_earlier_run_is_resumed(tmp_path: Path) -> None:
    path, host, recorder = save_part(tmp_path, 1000), Host(), Recorder()
    (outcome,) = await fetch(host, file(tmp_path), recorder=recorder)
    assert outcome.status is Status.resumed
    assert path.read_bytes() == BODY
    assert (host.ranges, recorder.bytes) == (["bytes=1000-"], len(BODY) - 1000)


async def test_a_complete_part_is_renamed_without_a_request(tmp_path: Path) -> None:
    path, host = save_part(tmp_path, len(BODY)), Host()
    (outcome,) = await fetch(host, file(tmp_path))
    assert (outcome.status, host.requests) == (Status.resumed, [])
    assert path.read_bytes() == BODY


async def test_a_part_of_another_version_is_started_over(tmp_path: Path) -> None:
    path = save_part(tmp_path, 1000, etag='"older"')
    path.with_name("a.zip.part").write_bytes(b"x" * 1000)
    (outcome,) = await fetch(Host(), file(tmp_path))
    assert outcome.status is Status.done
    assert path.read_bytes() == BODY


async def test_a_server_that_ignores_if_range_is_detected(tmp_path: Path) -> None:
    path = save_part(tmp_path, 1000, etag='"older"')
    path.with_name("a.zip.part").write_bytes(b"x" * 1000)

    def careless(request: httpx.Request) -> httpx.Response:
        request.headers.pop("if-range", None)
        return Host().whole(request)

    (outcome,) = await fetch(careless, file(tmp_path))
    assert outcome.is_complete
    assert path.read_bytes() == BODY


async def test_a_server_that_ignores_range_sends_the_whole_from_the_start(tmp_path: Path) -> None:
    path = save_part(tmp_path, 1000)
    (outcome,) = await fetch(lambda _request: httpx.Response(200, content=BODY), file(tmp_path))
    assert outcome.status is Status.done
    assert path.read_bytes() == BODY


async def test_a_refused_range_fails_and_keeps_the_part(tmp_path: Path) -> None:
    path = save_part(tmp_path, 1000)
    host = Host(says(416), says(416), says(416), says(416), says(416))
    (outcome,) = await fetch(host, file(tmp_path))
    assert outcome.status is Status.failed
    assert path.with_name("a.zip.part").stat().st_size == 1000


@pytest.mark.parametrize("cuts", [(1,), (100, 5000), (10, 20, 30, 40, 50, 60, 70, 80)])
async def test_broken_connections_are_resumed_as_long_as_there_is_progress(
    tmp_path: Path, cuts: tuple[int, ...]
) -> None:
    host = Host()
    whole = host.whole

    def until(request: httpx.Request) -> httpx.Response:
        answer = whole(request)
        stop = cuts[len(host.requests) - 1] if len(host.requests) <= len(cuts) else None
        if stop is None:
            return answer
        start = len(BODY) - len(answer.content)

        async def some():  # type: ignore[no-untyped-def]
            yield BODY[start:stop]
            raise httpx.RemoteProtocolError("cut")

        return httpx.Response(answer.status_code, headers=answer.headers, content=some())

    host.whole = until  # type: ignore[method-assign]
    (outcome,) = await fetch(host, file(tmp_path, checksum=MULTIHASH))
    assert outcome.status is Status.done
    assert file(tmp_path).path.read_bytes() == BODY
    assert host.ranges == [None, *(f"bytes={at}-" for at in cuts)]


async def test_a_server_without_ranges_that_always_breaks_off_fails_and_keeps_the_part(tmp_path: Path) -> None:
    (outcome,) = await fetch(cut(1000, etag=None), file(tmp_path))
    assert outcome.status is Status.failed
    assert "connection" in (outcome.reason or "")
    assert names(file(tmp_path).path) == ["a.zip.part", "a.zip.part.json"]


async def test_a_file_in_preparation_is_retried_when_the_server_says(tmp_path: Path) -> None:
    recorder = Recorder()
    host = Host(says(503, "It is prepared.", Retry_After="7"), says(429, Retry_After="2"), says(504, Retry_After="3"))
    (outcome,) = await fetch(host, file(tmp_path), recorder=recorder)
    assert outcome.status is Status.done
    assert recorder.waited == [(7.0, "It is prepared."), (2.0, "a reason"), (3.0, "a reason")]


async def test_the_maximum_wait_ends_with_the_servers_reason(tmp_path: Path) -> None:
    recorder = Recorder()
    (outcome,) = await fetch(
        says(503, "It is prepared.", Retry_After="25"), file(tmp_path), max_wait=60, recorder=recorder
    )
    assert outcome.status is Status.failed
    assert (outcome.reason or "").startswith("It is prepared. Given up after 50 s")
    assert len(recorder.waited) == 2


async def test_a_waiting_file_takes_no_slot_from_others(tmp_path: Path) -> None:
    """Four slots, five files in preparation: the sixth arrives meanwhile."""
    order: list[str] = []
    prepared = {f"/{n}.tif": 3 for n in range(5)}

    def answer(request: httpx.Request) -> httpx.Response:
        left = prepared.get(request.url.path, 0)
        if left:
            prepared[request.url.path] = left - 1
            return httpx.Response(503, json={"detail": "later"}, headers={"Retry-After": "1"})
        order.append(request.url.path)
        return httpx.Response(200, content=BODY)

    files = [file(tmp_path, href=f"http://x.test/{n}.tif", path=tmp_path / "naip" / "a" / f"{n}.tif") for n in range(6)]
    outcomes = await fetch(answer, *files)
    assert all(outcome.is_complete for outcome in outcomes)
    assert order[0] == "/5.tif"


@pytest.mark.parametrize("status", [400, 404, 410])
async def test_a_refusal_fails_at_once_with_the_servers_reason(tmp_path: Path, status: int) -> None:
    host = Host(says(status, "USGS lists this file, but does not deliver it."))
    (outcome,) = await fetch(host, file(tmp_path))
    assert (outcome.status, outcome.reason) == (Status.failed, "USGS lists this file, but does not deliver it.")
    assert len(host.requests) == 1


async def test_an_expired_href_is_signed_again(tmp_path: Path) -> None:
    fresh = HREF.replace("s=good", "s=new")

    def bridge(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/sign":
            assert request.url.params["href"] == HREF
            return httpx.Response(200, json={"href": fresh})
        return Host().whole(request) if str(request.url) == fresh else says(403, "expired")(request)

    (outcome,) = await fetch(bridge, file(tmp_path))
    assert outcome.status is Status.done


async def test_if_no_bridge_signs_the_item_is_fetched_again(tmp_path: Path) -> None:
    fresh = HREF.replace("s=good", "s=new")

    def bridge(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/collections/naip/items/a":
            return httpx.Response(200, json={"assets": {"zip": {"href": fresh}}})
        return Host().whole(request) if str(request.url) == fresh else says(404)(request)

    target = file(tmp_path, item_href="http://bridge.test/collections/naip/items/a")
    (outcome,) = await fetch(lambda r: says(403, "expired")(r) if str(r.url) == HREF else bridge(r), target)
    assert outcome.status is Status.done


async def test_an_href_that_cannot_be_renewed_fails_after_one_attempt(tmp_path: Path) -> None:
    host = Host(*[says(403, "The signature does not fit.")] * 9)
    (outcome,) = await fetch(host, file(tmp_path, item_href="http://bridge.test/collections/naip/items/a"))
    assert outcome.reason == "The signature does not fit."
    assert [request.url.path.rpartition("/")[2] for request in host.requests] == ["naip", "a.zip", "sign", "a"]


@pytest.mark.parametrize(
    "dead",
    [
        httpx.Response(403, text="dead"),
        httpx.Response(200, html="<html>sign in</html>"),
        httpx.Response(404, text="gone"),
    ],
)
async def test_a_dead_redirect_is_replaced_by_the_bridges_own_stream(tmp_path: Path, dead: httpx.Response) -> None:
    def web(request: httpx.Request) -> httpx.Response:
        if request.url.host == "files.test":
            return httpx.Response(dead.status_code, content=dead.content, headers=dead.headers)
        if "origin" in request.headers:
            return Host().whole(request)
        return httpx.Response(302, headers={"Location": ELSEWHERE})

    (outcome,) = await fetch(web, file(tmp_path))
    assert outcome.status is Status.done
    assert file(tmp_path).path.read_bytes() == BODY


async def test_a_login_page_is_never_saved_as_the_file(tmp_path: Path) -> None:
    (outcome,) = await fetch(lambda _request: httpx.Response(200, html="<html>sign in</html>"), file(tmp_path))
    assert outcome.status is Status.failed
    assert not file(tmp_path).path.parent.exists()


async def test_an_html_page_is_saved_if_the_item_says_html(tmp_path: Path) -> None:
    page = file(tmp_path, media_type="text/html")
    (outcome,) = await fetch(lambda _request: httpx.Response(200, html="<html>a page</html>"), page)
    assert outcome.status is Status.done


async def test_bytes_with_the_wrong_checksum_are_tried_twice_and_removed(tmp_path: Path) -> None:
    host = Host()
    (outcome,) = await fetch(host, file(tmp_path, checksum="1220" + "00" * 32))
    assert outcome.status is Status.failed
    assert len(host.requests) == 2
    assert not file(tmp_path).path.exists()


async def test_a_size_other_than_the_items_fails_before_a_byte_is_saved(tmp_path: Path) -> None:
    recorder = Recorder()
    (outcome,) = await fetch(Host(), file(tmp_path, size=5), recorder=recorder)
    assert "5 bytes" in (outcome.reason or "")
    assert recorder.bytes == 0


async def test_no_error_shows_the_url_of_a_redirect(tmp_path: Path) -> None:
    def web(request: httpx.Request) -> httpx.Response:
        if request.url.host == "files.test":
            raise httpx.ConnectError("[Errno 111] to http://files.test/a.zip?requestSignature=secret")
        return httpx.Response(302, headers={"Location": ELSEWHERE})

    (outcome,) = await fetch(web, file(tmp_path))
    assert "The connection failed" in (outcome.reason or "")
    assert "secret" not in (outcome.reason or "")


@pytest.mark.parametrize("location", ["http://x.test:99999/", "http://[::1/", "ftp://x.test/a", "//"])
async def test_a_malformed_redirect_fails_only_its_file(tmp_path: Path, location: str) -> None:
    (outcome,) = await fetch(lambda _request: httpx.Response(302, headers={"Location": location}), file(tmp_path))
    assert outcome.status is Status.failed


async def test_a_failed_file_does_not_stop_the_others_and_is_not_in_the_item(tmp_path: Path) -> None:
    def web(request: httpx.Request) -> httpx.Response:
        return says(404, "none")(request) if request.url.path == "/bad.tif" else httpx.Response(200, content=BODY)

    bad = file(tmp_path, href="http://x.test/bad.tif", path=tmp_path / "naip/a/bad.tif")
    good = file(tmp_path, href="http://x.test/good.tif", path=tmp_path / "naip/a/good.tif")
    object.__setattr__(good, "key", "good")
    outcomes = await fetch(web, bad, good)
    assert {outcome.status for outcome in outcomes} == {Status.failed, Status.done}
    document = json.loads((tmp_path / "naip/a/a.json").read_text())
    assert {key: asset["href"] for key, asset in document["assets"].items()} == {"good": "./good.tif"}


async def test_a_canceled_download_is_resumed_by_the_next_run(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def slow():  # type: ignore[no-untyped-def]
        yield BODY[:3000]
        reached.set()
        await asyncio.sleep(60)

    headers = {"Content-Length": str(len(BODY)), "ETag": '"one"'}
    task = asyncio.create_task(
        fetch(lambda _request: httpx.Response(200, headers=headers, content=slow()), file(tmp_path))
    )
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    host = Host()
    (outcome,) = await fetch(host, file(tmp_path))
    assert (outcome.status, host.ranges) == (Status.resumed, ["bytes=3000-"])
    assert file(tmp_path).path.read_bytes() == BODY


def test_a_full_disk_has_its_own_message() -> None:
    message = str(disk_failure(OSError(errno.ENOSPC, "No space left on device")))
    assert "no room" in message
    assert "stays" in message


async def test_a_folder_that_cannot_be_created_fails_the_file_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "naip").write_text("a file where the folder would be")
    (outcome,) = await fetch(Host(), file(tmp_path))
    assert "cannot be written" in (outcome.reason or "")
