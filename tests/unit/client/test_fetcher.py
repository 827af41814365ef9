"""Files arrive whole, or it is told why not."""

from __future__ import annotations

import asyncio
import errno
import json
from pathlib import Path

import httpx
import pytest

from stac_bridge.client.download import Status
from stac_bridge.client.download.recovery import disk_failure
from tests.unit.client.host import BODY, HREF, MULTIHASH, Host, Seen, cut, fetched, file, says

ELSEWHERE = "http://files.test/a.zip?requestSignature=secret"


def kept(folder: Path, there: int, etag: str = '"one"') -> Path:
    """A part as an earlier run left it."""
    path = file(folder).path
    path.parent.mkdir(parents=True)
    path.with_name("a.zip.part").write_bytes(BODY[:there])
    note = {"size": len(BODY), "etag": etag, "last_modified": None}
    path.with_name("a.zip.part.json").write_text(json.dumps(note))
    return path


def names(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir())


async def test_a_file_comes_whole_with_its_item_beside_it_and_nothing_else(tmp_path: Path) -> None:
    wanted = file(tmp_path)
    (outcome,) = await fetched(Host(), wanted)
    assert (outcome.status, outcome.size) == (Status.done, len(BODY))
    assert wanted.path.read_bytes() == BODY
    assert names(wanted.path) == ["a.json", "a.zip"]


async def test_what_is_complete_is_skipped_without_asking_anybody(tmp_path: Path) -> None:
    await fetched(Host(), file(tmp_path))
    host = Host()
    (outcome,) = await fetched(host, file(tmp_path))
    assert (outcome.status, host.asked) == (Status.skipped, [])


async def test_where_nothing_was_noted_a_head_tells_whether_it_is_complete(tmp_path: Path) -> None:
    await fetched(Host(), file(tmp_path))
    file(tmp_path).path.with_name("a.json").unlink()
    host = Host()
    (outcome,) = await fetched(host, file(tmp_path))
    assert (outcome.status, [one.method for one in host.asked]) == (Status.skipped, ["HEAD"])


@pytest.mark.parametrize("spoilt", [BODY[:100], bytes(len(BODY))])
async def test_a_file_that_is_not_what_was_told_of_is_fetched_again(tmp_path: Path, spoilt: bytes) -> None:
    wanted = file(tmp_path, checksum=MULTIHASH)
    await fetched(Host(), wanted)
    wanted.path.write_bytes(spoilt)
    (outcome,) = await fetched(Host(), wanted)
    assert outcome.status is Status.done
    assert wanted.path.read_bytes() == BODY


async def test_overwrite_fetches_what_is_there(tmp_path: Path) -> None:
    await fetched(Host(), file(tmp_path))
    (outcome,) = await fetched(Host(), file(tmp_path), overwrite=True)
    assert outcome.status is Status.done


async def test_a_part_of_an_earlier_run_is_gone_on_with(tmp_path: Path) -> None:
    path, host, seen = kept(tmp_path, 1000), Host(), Seen()
    (outcome,) = await fetched(host, file(tmp_path), seen=seen)
    assert outcome.status is Status.resumed
    assert path.read_bytes() == BODY
    assert (host.ranges, seen.bytes) == (["bytes=1000-"], len(BODY) - 1000)


async def test_a_part_that_lacks_nothing_but_its_name_asks_nobody(tmp_path: Path) -> None:
    path, host = kept(tmp_path, len(BODY)), Host()
    (outcome,) = await fetched(host, file(tmp_path))
    assert (outcome.status, host.asked) == (Status.resumed, [])
    assert path.read_bytes() == BODY


async def test_a_part_of_another_file_is_begun_anew(tmp_path: Path) -> None:
    path = kept(tmp_path, 1000, etag='"older"')
    path.with_name("a.zip.part").write_bytes(b"x" * 1000)
    (outcome,) = await fetched(Host(), file(tmp_path))
    assert outcome.status is Status.done
    assert path.read_bytes() == BODY


async def test_a_server_that_ignores_if_range_is_found_out(tmp_path: Path) -> None:
    path = kept(tmp_path, 1000, etag='"older"')
    path.with_name("a.zip.part").write_bytes(b"x" * 1000)

    def careless(request: httpx.Request) -> httpx.Response:
        request.headers.pop("if-range", None)
        return Host().whole(request)

    (outcome,) = await fetched(careless, file(tmp_path))
    assert outcome.is_complete
    assert path.read_bytes() == BODY


async def test_a_server_that_ignores_range_sends_the_whole_from_the_start(tmp_path: Path) -> None:
    path = kept(tmp_path, 1000)
    (outcome,) = await fetched(lambda _request: httpx.Response(200, content=BODY), file(tmp_path))
    assert outcome.status is Status.done
    assert path.read_bytes() == BODY


async def test_a_range_that_is_refused_is_begun_anew(tmp_path: Path) -> None:
    path = kept(tmp_path, 1000)
    host = Host(says(416), says(416), says(416), says(416), says(416))
    (outcome,) = await fetched(host, file(tmp_path))
    assert outcome.status is Status.failed
    assert path.with_name("a.zip.part").stat().st_size == 1000


@pytest.mark.parametrize("cuts", [(1,), (100, 5000), (10, 20, 30, 40, 50, 60, 70, 80)])
async def test_connections_that_break_off_are_gone_on_with_as_long_as_there_is_progress(
    tmp_path: Path, cuts: tuple[int, ...]
) -> None:
    host = Host()
    whole = host.whole

    def until(request: httpx.Request) -> httpx.Response:
        answer = whole(request)
        stop = cuts[len(host.asked) - 1] if len(host.asked) <= len(cuts) else None
        if stop is None:
            return answer
        start = len(BODY) - len(answer.content)

        async def some():  # type: ignore[no-untyped-def]
            yield BODY[start:stop]
            raise httpx.RemoteProtocolError("cut")

        return httpx.Response(answer.status_code, headers=answer.headers, content=some())

    host.whole = until  # type: ignore[method-assign]
    (outcome,) = await fetched(host, file(tmp_path, checksum=MULTIHASH))
    assert outcome.status is Status.done
    assert file(tmp_path).path.read_bytes() == BODY
    assert host.ranges == [None, *(f"bytes={at}-" for at in cuts)]


async def test_a_server_without_ranges_that_always_breaks_off_is_given_up_with_its_part_kept(tmp_path: Path) -> None:
    (outcome,) = await fetched(cut(1000, etag=None), file(tmp_path))
    assert outcome.status is Status.failed
    assert "connection" in (outcome.reason or "")
    assert names(file(tmp_path).path) == ["a.zip.part", "a.zip.part.json"]


async def test_what_is_prepared_or_busy_is_waited_for_as_the_server_says(tmp_path: Path) -> None:
    seen = Seen()
    host = Host(says(503, "It is prepared.", Retry_After="7"), says(429, Retry_After="2"), says(504, Retry_After="3"))
    (outcome,) = await fetched(host, file(tmp_path), seen=seen)
    assert outcome.status is Status.done
    assert seen.waited == [(7.0, "It is prepared."), (2.0, "as told"), (3.0, "as told")]


async def test_patience_ends_with_the_servers_reason(tmp_path: Path) -> None:
    seen = Seen()
    (outcome,) = await fetched(says(503, "It is prepared.", Retry_After="25"), file(tmp_path), max_wait=60, seen=seen)
    assert outcome.status is Status.failed
    assert (outcome.reason or "").startswith("It is prepared. Given up after 50 s")
    assert len(seen.waited) == 2


async def test_who_waits_takes_no_turn_from_others(tmp_path: Path) -> None:
    """Four turns, five files that are prepared: the sixth comes meanwhile."""
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
    outcomes = await fetched(answer, *files)
    assert all(one.is_complete for one in outcomes)
    assert order[0] == "/5.tif"


@pytest.mark.parametrize("status", [400, 404, 410])
async def test_a_refusal_is_told_in_the_servers_words_at_once(tmp_path: Path, status: int) -> None:
    host = Host(says(status, "USGS lists this file, but does not deliver it."))
    (outcome,) = await fetched(host, file(tmp_path))
    assert (outcome.status, outcome.reason) == (Status.failed, "USGS lists this file, but does not deliver it.")
    assert len(host.asked) == 1


async def test_an_expired_href_is_signed_again(tmp_path: Path) -> None:
    fresh = HREF.replace("s=good", "s=new")

    def bridge(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/sign":
            assert request.url.params["href"] == HREF
            return httpx.Response(200, json={"href": fresh})
        return Host().whole(request) if str(request.url) == fresh else says(403, "expired")(request)

    (outcome,) = await fetched(bridge, file(tmp_path))
    assert outcome.status is Status.done


async def test_where_nobody_signs_the_item_is_asked_for_again(tmp_path: Path) -> None:
    fresh = HREF.replace("s=good", "s=new")

    def bridge(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/collections/naip/items/a":
            return httpx.Response(200, json={"assets": {"zip": {"href": fresh}}})
        return Host().whole(request) if str(request.url) == fresh else says(404)(request)

    wanted = file(tmp_path, item_href="http://bridge.test/collections/naip/items/a")
    (outcome,) = await fetched(lambda r: says(403, "expired")(r) if str(r.url) == HREF else bridge(r), wanted)
    assert outcome.status is Status.done


async def test_an_href_that_nothing_renews_is_told_once(tmp_path: Path) -> None:
    host = Host(*[says(403, "The signature does not fit.")] * 9)
    (outcome,) = await fetched(host, file(tmp_path, item_href="http://bridge.test/collections/naip/items/a"))
    assert outcome.reason == "The signature does not fit."
    assert [one.url.path.rpartition("/")[2] for one in host.asked] == ["naip", "a.zip", "sign", "a"]


@pytest.mark.parametrize(
    "dead",
    [
        httpx.Response(403, text="dead"),
        httpx.Response(200, html="<html>sign in</html>"),
        httpx.Response(404, text="gone"),
    ],
)
async def test_where_a_bridge_sends_us_to_what_is_not_the_file_its_own_stream_is_asked_for(
    tmp_path: Path, dead: httpx.Response
) -> None:
    def web(request: httpx.Request) -> httpx.Response:
        if request.url.host == "files.test":
            return httpx.Response(dead.status_code, content=dead.content, headers=dead.headers)
        if "origin" in request.headers:
            return Host().whole(request)
        return httpx.Response(302, headers={"Location": ELSEWHERE})

    (outcome,) = await fetched(web, file(tmp_path))
    assert outcome.status is Status.done
    assert file(tmp_path).path.read_bytes() == BODY


async def test_a_page_to_sign_in_is_never_kept_as_the_file(tmp_path: Path) -> None:
    (outcome,) = await fetched(lambda _request: httpx.Response(200, html="<html>sign in</html>"), file(tmp_path))
    assert outcome.status is Status.failed
    assert not file(tmp_path).path.parent.exists()


async def test_where_a_page_is_what_the_item_promises_it_is_kept(tmp_path: Path) -> None:
    page = file(tmp_path, media_type="text/html")
    (outcome,) = await fetched(lambda _request: httpx.Response(200, html="<html>a page</html>"), page)
    assert outcome.status is Status.done


async def test_bytes_that_do_not_fit_their_checksum_are_tried_twice_and_not_kept(tmp_path: Path) -> None:
    host = Host()
    (outcome,) = await fetched(host, file(tmp_path, checksum="1220" + "00" * 32))
    assert outcome.status is Status.failed
    assert len(host.asked) == 2
    assert not file(tmp_path).path.exists()


async def test_a_size_other_than_the_items_is_told_before_a_byte_is_fetched(tmp_path: Path) -> None:
    seen = Seen()
    (outcome,) = await fetched(Host(), file(tmp_path, size=5), seen=seen)
    assert "5 bytes" in (outcome.reason or "")
    assert seen.bytes == 0


async def test_no_error_shows_where_a_redirect_led(tmp_path: Path) -> None:
    def web(request: httpx.Request) -> httpx.Response:
        if request.url.host == "files.test":
            raise httpx.ConnectError("[Errno 111] to http://files.test/a.zip?requestSignature=secret")
        return httpx.Response(302, headers={"Location": ELSEWHERE})

    (outcome,) = await fetched(web, file(tmp_path))
    assert "The connection failed" in (outcome.reason or "")
    assert "secret" not in (outcome.reason or "")


@pytest.mark.parametrize("where", ["http://x.test:99999/", "http://[::1/", "ftp://x.test/a", "//"])
async def test_a_redirect_to_no_address_fails_the_file_alone(tmp_path: Path, where: str) -> None:
    (outcome,) = await fetched(lambda _request: httpx.Response(302, headers={"Location": where}), file(tmp_path))
    assert outcome.status is Status.failed


async def test_one_that_fails_keeps_no_other_from_coming_and_is_not_in_the_item(tmp_path: Path) -> None:
    def web(request: httpx.Request) -> httpx.Response:
        return says(404, "none")(request) if request.url.path == "/bad.tif" else httpx.Response(200, content=BODY)

    bad = file(tmp_path, href="http://x.test/bad.tif", path=tmp_path / "naip/a/bad.tif")
    good = file(tmp_path, href="http://x.test/good.tif", path=tmp_path / "naip/a/good.tif")
    object.__setattr__(good, "key", "good")
    outcomes = await fetched(web, bad, good)
    assert {one.status for one in outcomes} == {Status.failed, Status.done}
    said = json.loads((tmp_path / "naip/a/a.json").read_text())
    assert {key: asset["href"] for key, asset in said["assets"].items()} == {"good": "./good.tif"}


async def test_a_cancelled_fetch_leaves_a_part_that_the_next_one_goes_on_with(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def slow():  # type: ignore[no-untyped-def]
        yield BODY[:3000]
        reached.set()
        await asyncio.sleep(60)

    headers = {"Content-Length": str(len(BODY)), "ETag": '"one"'}
    task = asyncio.create_task(
        fetched(lambda _request: httpx.Response(200, headers=headers, content=slow()), file(tmp_path))
    )
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    host = Host()
    (outcome,) = await fetched(host, file(tmp_path))
    assert (outcome.status, host.ranges) == (Status.resumed, ["bytes=3000-"])
    assert file(tmp_path).path.read_bytes() == BODY


def test_a_full_disk_is_told_as_one() -> None:
    told = str(disk_failure(OSError(errno.ENOSPC, "No space left on device")))
    assert "no room" in told
    assert "stays" in told


async def test_a_folder_that_cannot_be_made_fails_the_file_with_the_systems_reason(tmp_path: Path) -> None:
    (tmp_path / "naip").write_text("a file where the folder would be")
    (outcome,) = await fetched(Host(), file(tmp_path))
    assert "cannot be written" in (outcome.reason or "")
