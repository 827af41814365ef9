"""``stac-bridge download`` as people type it, over real sockets."""

from __future__ import annotations

import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pystac
import pytest
from typer.testing import CliRunner

from stac_bridge.cli import app
from tests.serving import started
from tests.validation import validate

COMMAND = [sys.executable, "-c", "from stac_bridge.cli import app; app()", "download"]
LANDSAT = ("-c", "landsat_ot_c2_l2", "--ids", "LC08_L2SP_196028_20240728_20240807_02_T1")
FILM = ("-c", "corona2", "--ids", "DS1117-2086DA007", "--assets", "d183_standard_format")
PHOTO = ("-c", "naip", "--ids", "M_4109325_SW_15_060_20220630")
ZIP = "d441_full_resolution"


def environment(folder: Path, **settings: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STAC_BRIDGE_")}
    return {**clean, "STAC_BRIDGE_DATA_DIR": str(folder / "data"), "NO_COLOR": "1", **settings}


def run(folder: Path, *arguments: str, text: str | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [*COMMAND, *arguments, "-o", str(folder / "out")],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        env=environment(folder, **settings),
        timeout=100,
    )
    assert "Traceback" not in ran.stderr
    return ran


def told(ran: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """By asset key, what the JSON document says of each file."""
    return {one["asset"]: one for one in json.loads(ran.stdout)["files"]}


def item(api: str, collection: str, ids: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{api}/collections/{collection}/items/{ids}") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def read(href: str) -> bytes:
    with urllib.request.urlopen(href) as answer:
        body: bytes = answer.read()
    return body


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server, and the sandbox it asks, which takes orders for faults."""
    folder = tmp_path_factory.mktemp("faulty")
    with started("sandbox", folder, "--faults", "--staging-seconds", "0") as (sandbox, _log):
        account = {
            "m2m_url": f"{sandbox}/api/api/json/stable/",
            "m2m_username": "somebody",
            "m2m_token": "any-token",
            "download_hosts": "127.0.0.1",
            "staging_wait": "0",  # the command is to meet the 503
        }
        with started("serve", folder, **account) as (api, log):
            yield api, sandbox
            assert "Traceback" not in log.read_text()


def fault(sandbox: str, **said: Any) -> None:
    request = urllib.request.Request(f"{sandbox}/__sandbox/faults", json.dumps(said).encode(), method="POST")
    urllib.request.urlopen(request).close()


def end_faults(sandbox: str) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{sandbox}/__sandbox/faults", method="DELETE")).close()


def test_files_are_the_servers_bytes_and_a_second_run_skips_them(api: str, tmp_path: Path) -> None:
    search = (*LANDSAT, "--assets", "mtl.xml,thumbnail", "--api", api, "--json")
    first = run(tmp_path, *search)
    assert (first.returncode, first.stderr) == (0, "")  # no bars where nobody looks
    said = item(api, LANDSAT[1], LANDSAT[3])
    for key, one in told(first).items():
        assert one["status"] == "done"
        path = tmp_path / "out" / one["path"]
        assert path.parent == tmp_path / "out" / LANDSAT[1] / LANDSAT[3]
        assert path.read_bytes() == read(said["assets"][key]["href"])
    second = run(tmp_path, *search)
    assert (second.returncode, {one["status"] for one in told(second).values()}) == (0, {"skipped"})


def test_without_an_api_it_serves_itself_and_says_so_in_one_line(tmp_path: Path) -> None:
    ran = run(tmp_path, *LANDSAT, "--assets", "mtl.txt,thumbnail")
    assert ran.returncode == 0, ran.stderr
    assert "2 done" in ran.stdout
    (line,) = ran.stderr.splitlines()
    assert "embedded sandbox" in line
    (found,) = pystac.Catalog.from_file(str(tmp_path / "out" / "catalog.json")).get_items(recursive=True)
    assert set(found.assets) == {"mtl.txt", "thumbnail"}
    assert all(Path(asset.get_absolute_href() or "").is_file() for asset in found.assets.values())
    beside = (tmp_path / "out" / LANDSAT[1] / LANDSAT[3] / f"{LANDSAT[3]}.json").read_text()
    validate(json.loads(beside))
    assert "127.0.0.1" not in beside


def test_without_an_api_but_with_an_account_it_serves_that(faulty: tuple[str, str], tmp_path: Path) -> None:
    _api, sandbox = faulty
    account = {
        "STAC_BRIDGE_M2M_URL": f"{sandbox}/api/api/json/stable/",
        "STAC_BRIDGE_M2M_USERNAME": "another-name",
        "STAC_BRIDGE_M2M_TOKEN": "any-token",
        "STAC_BRIDGE_DOWNLOAD_HOSTS": "127.0.0.1",
    }
    ran = run(tmp_path, *LANDSAT, "--assets", "mtl.txt", **account)
    assert ran.returncode == 0, ran.stderr
    (line,) = ran.stderr.splitlines()
    assert "M2M account" in line
    assert "another-name" not in ran.stdout + ran.stderr


def test_film_that_is_on_tape_is_waited_for(api: str, tmp_path: Path) -> None:
    ran = run(tmp_path, *FILM, "--json", STAC_BRIDGE_API=api)
    assert ran.returncode == 0, ran.stdout
    (one,) = told(ran).values()
    assert one["path"].endswith("/DS1117-2086DA007.tif.gz")
    href = item(api, FILM[1], FILM[3])["assets"]["d183_standard_format"]["href"]
    assert (tmp_path / "out" / one["path"]).read_bytes() == read(href)


def test_impatience_is_told_with_the_servers_reason(faulty: tuple[str, str], tmp_path: Path) -> None:
    api, sandbox = faulty
    fault(sandbox, kind="staging", on=["dds"], seconds=None)
    ran = run(tmp_path, *FILM, "--patience", "0", "--api", api, "--json")
    end_faults(sandbox)
    assert ran.returncode == 1
    assert "USGS" in told(ran)[FILM[5]]["reason"]
    assert "--patience" in told(ran)[FILM[5]]["reason"]


def test_one_file_that_fails_gives_1_and_the_rest_is_there(api: str, tmp_path: Path) -> None:
    ran = run(tmp_path, *PHOTO, "--api", api, "--json")
    assert ran.returncode == 1
    files = told(ran)
    (failed,) = (one for one in files.values() if one["status"] == "failed")
    assert failed["asset"] == "d482_compressed"
    assert "not available" in failed["reason"]
    assert (tmp_path / "out" / files[ZIP]["path"]).stat().st_size == files[ZIP]["size"] > 10**6


def test_items_of_a_file_and_of_stdin_are_fetched_even_when_their_hrefs_are_not_believed_any_more(
    api: str, tmp_path: Path
) -> None:
    said = item(api, LANDSAT[1], LANDSAT[3])
    good = said["assets"]["mtl.txt"]["href"]
    said["assets"]["mtl.txt"]["href"] = good[:-1] + ("A" if good[-1] != "A" else "B")
    saved = tmp_path / "items.json"
    saved.write_text(json.dumps({"type": "FeatureCollection", "features": [said]}))
    ran = run(tmp_path, str(saved), "--assets", "mtl.txt", "--json")
    assert ran.returncode == 0, ran.stdout
    assert (tmp_path / "out" / told(ran)["mtl.txt"]["path"]).read_bytes() == read(good)
    again = run(tmp_path, "-", "--assets", "mtl.txt", "--json", text=json.dumps(said))
    assert told(again)["mtl.txt"]["status"] == "skipped"


def test_a_connection_that_is_cut_is_gone_on_with(faulty: tuple[str, str], tmp_path: Path) -> None:
    api, sandbox = faulty
    fault(sandbox, kind="cut", on=["landsatlook"], at=500, times=1, skip=1)  # the first request asks for one byte
    ran = run(tmp_path, *LANDSAT, "--assets", "mtl.txt", "--api", api, "--json")
    assert ran.returncode == 0, ran.stdout
    whole = read(item(api, LANDSAT[1], LANDSAT[3])["assets"]["mtl.txt"]["href"])
    assert (tmp_path / "out" / told(ran)["mtl.txt"]["path"]).read_bytes() == whole
    with urllib.request.urlopen(f"{sandbox}/__sandbox/faults") as answer:
        assert [one["struck"] for one in json.load(answer)] == [1]
    end_faults(sandbox)


@pytest.mark.parametrize("ending", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.long)])
def test_one_that_is_stopped_in_the_middle_is_gone_on_with(
    faulty: tuple[str, str], tmp_path: Path, ending: signal.Signals
) -> None:
    api, sandbox = faulty
    # A day's photographs, another one for each ending: what the server has spooled is not slow any more.
    days = {signal.SIGINT: "M_4109325_SW_15_060_20220630", signal.SIGKILL: photographs(api)[-1]}
    search = ("-c", "naip", "--ids", days[ending], "--assets", ZIP, "--api", api)
    fault(sandbox, kind="slow", on=["dds"], per_megabyte=5)
    stopped = subprocess.Popen(
        [*COMMAND, *search, "-o", str(tmp_path / "out")],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # where the tests themselves run in a shell's background, what they start is told to ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    part = wait_for_part(tmp_path / "out", stopped)
    stopped.send_signal(ending)
    out, _error = stopped.communicate(timeout=20)
    end_faults(sandbox)
    there = part.stat().st_size
    assert there > 0
    assert not part.with_suffix("").exists()
    if ending is signal.SIGINT:
        assert stopped.returncode == 130
        assert "1 interrupted" in out
    ran = run(tmp_path, *search, "--json")
    assert told(ran)[ZIP]["status"] == "resumed"
    whole = read(item(api, "naip", days[ending])["assets"][ZIP]["href"])
    assert part.with_suffix("").read_bytes() == whole
    assert not part.exists()
    assert there < len(whole)


def photographs(api: str) -> list[str]:
    with urllib.request.urlopen(f"{api}/search?collections=naip&limit=5") as answer:
        return [one["id"] for one in json.load(answer)["features"]]


def wait_for_part(folder: Path, process: subprocess.Popen[str]) -> Path:
    for _ in range(300):
        for part in folder.glob("*/*/*.part"):
            if part.stat().st_size:
                return part
        assert process.poll() is None
        time.sleep(0.1)
    raise AssertionError("No part came.")


def test_a_disk_without_room_is_told_and_keeps_what_came(api: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [*COMMAND, *PHOTO, "--assets", f"{ZIP},thumbnail", "--api", api, "-o", str(tmp_path / "out"), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=environment(tmp_path),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)),
    )
    assert ran.returncode == 1
    assert "no room" in told(ran)[ZIP]["reason"]
    assert told(ran)["thumbnail"]["status"] == "done"
    (part,) = (tmp_path / "out").glob("*/*/*.part")
    assert part.stat().st_size == 300_000
    assert told(run(tmp_path, *PHOTO, "--assets", ZIP, "--api", api, "--json"))[ZIP]["status"] == "resumed"


def test_on_a_terminal_there_are_bars(api: str, tmp_path: Path) -> None:
    seen, terminal = pty.openpty()
    arguments = [*COMMAND, *LANDSAT, "--assets", "thumbnail", "--api", api, "-o", str(tmp_path / "out")]
    subprocess.run(
        arguments, stdout=subprocess.DEVNULL, stderr=terminal, env=environment(tmp_path, TERM="xterm"), check=True
    )
    os.close(terminal)
    assert b"1 of 1 files" in os.read(seen, 65536)
    os.close(seen)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "Say which Items"),
        (("none.json",), 2, "cannot be read"),
        (("none.json", "-c", "naip"), 2, "not both"),
        (("-c", "naip", "--bbox", "1,2,3"), 2, "--bbox"),
        (("-c", "naip", "--bbox", "a,b,c,d"), 2, "--bbox"),
        (("-c", "naip", "--jobs", "0"), 2, "--jobs"),
        (("-c", "no-such-collection"), 2, "no-such-collection"),
        (("-c", "naip", "--filter", "nonsense ="), 2, "filter"),
        (("-c", "naip", "--datetime", "soon"), 2, "soon"),
        ((*LANDSAT, "--assets", "rde"), 2, "'rde'"),
        (("-c", "naip", "--api", "http://127.0.0.1:9"), 1, "Nothing answers"),
        (("-c", "naip", "--ids", "none-such"), 0, "No Item matches"),
    ],
)
def test_what_cannot_begin_is_told_in_a_sentence(
    api: str, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    settings = {"STAC_BRIDGE_API": api}
    ran = CliRunner().invoke(app, ["download", *arguments, "-o", str(tmp_path / "out")], env=settings)
    assert said in " ".join(ran.stderr.split())
    assert ran.exit_code == code
    assert not (tmp_path / "out").exists()


def test_a_wrong_setting_is_told_by_its_name() -> None:
    ran = CliRunner().invoke(app, ["download", *LANDSAT], env={"STAC_BRIDGE_M2M_TIMEOUT": "soon"})
    assert (ran.exit_code, "STAC_BRIDGE_M2M_TIMEOUT" in ran.stderr) == (2, True)
