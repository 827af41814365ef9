"""What deploy/ says is what the server takes; without a container engine, as far as reading it tells."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml

from stac_bridge.api.middleware.disconnect import CancelOnDisconnect
from stac_bridge.settings import Settings
from tests.support import running

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
NGINX = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_every_setting_that_is_named_there_is_one(path: Path) -> None:
    named = set(re.findall(r"STAC_BRIDGE_[A-Z0-9_]*", path.read_text(encoding="utf-8")))
    assert named <= {f"STAC_BRIDGE_{name.upper()}" for name in Settings.model_fields}


def test_nobody_reaches_redis_or_the_workers_but_by_the_proxy() -> None:
    services = COMPOSE["services"]
    assert [name for name, one in services.items() if "ports" in one] == ["proxy"]
    assert services["proxy"]["ports"][0].startswith("${LISTEN:-127.0.0.1:"), "this machine alone, unless told"
    assert "network_mode" not in str(services)


def test_the_workers_share_the_redis_that_is_there_and_believe_the_proxy_that_is_there() -> None:
    told = COMPOSE["services"]["bridge"]["environment"]
    assert told["STAC_BRIDGE_STORE"].startswith("redis://redis:")
    (network,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    assert told["STAC_BRIDGE_TRUSTED_PROXIES"] == network["subnet"]


def test_no_secret_stands_in_what_is_committed() -> None:
    lines = (DEPLOY / "example.env").read_text(encoding="utf-8").splitlines()
    told = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert {name: told[name] for name in told if name != "STAC_BRIDGE_PUBLIC_URL"} == dict.fromkeys(
        ("STAC_BRIDGE_M2M_USERNAME", "STAC_BRIDGE_M2M_TOKEN", "STAC_BRIDGE_SIGNING_KEYS"), ""
    )
    assert "deploy/.env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_image_runs_as_nobody_in_particular_a_python_that_the_package_takes() -> None:
    assert re.findall(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE) == ["10001"]
    (version,) = set(re.findall(r"^FROM python:(3\.\d+)-slim", DOCKERFILE, re.MULTILINE))
    lowest = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert tuple(map(int, version.split("."))) >= tuple(map(int, lowest.removeprefix(">=").split(".")))


def test_each_image_can_be_named_by_digest_and_the_page_says_how() -> None:
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    arguments = set(re.findall(r'^ARG (\w+_DIGEST)=""$', DOCKERFILE.partition("FROM")[0], re.MULTILINE))
    assert {re.sub(r".*\$\{(\w+)\}", r"\1", image) for image in images} == arguments
    services = COMPOSE["services"]
    pulled = {name: one["image"] for name, one in services.items() if "image" in one}
    assert pulled == {
        "proxy": "nginx:1.29-alpine${NGINX_DIGEST:-}",
        "redis": "redis:8-alpine${REDIS_DIGEST:-}",
    }
    assert services["bridge"]["build"]["args"] == {name: f"${{{name}:-}}" for name in arguments}
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    for name, image in {"NGINX": "nginx:1.29-alpine", "REDIS": "redis:8-alpine", "NODE": "node:24-slim"}.items():
        assert f"{name}_DIGEST={image}" in page or f"{name}_DIGEST {image}" in page
    assert all(image.partition("$")[0] in page for image in images)


def test_the_image_can_serve_several_workers_and_the_sandbox() -> None:
    assert (
        "pip install --no-cache-dir --disable-pip-version-check --constraint /tmp/constraints.txt '.[redis,sandbox]'"
        in DOCKERFILE
    )


def tracked() -> list[str]:
    """What a fresh clone has."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no clone of git")
    return [path for path in listed.stdout.split("\0") if path]


def is_sent(path: str) -> bool:
    """Whether a file of a clone reaches the builder of the image: the last matching line decides."""
    sent = True
    parts = path.split("/")
    parents = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    for line in (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        if pattern and not line.startswith("#") and any(fnmatch(parent, pattern) for parent in parents):
            sent = line.startswith("!")
    return sent


def copies() -> list[tuple[str | None, list[str], str]]:
    """The COPY lines of the Dockerfile: the stage they copy from, if any, the sources, and the destination."""
    lines = re.findall(r"^COPY (?:--from=(\w+) )?(.+) (\S+)$", DOCKERFILE, re.MULTILINE)
    return [(stage or None, sources.split(), to) for stage, sources, to in lines]


def test_all_that_the_image_copies_is_in_a_fresh_clone_and_reaches_the_builder() -> None:
    sent = [path for path in tracked() if is_sent(path)]
    sources = [source for stage, several, _to in copies() for source in several if stage is None]
    assert set(sources) == {path.partition("/")[0] for path in sent}, "all that is sent is copied, and the other way"
    assert [path for path in tracked() if path.partition("/")[0] in sources and not is_sent(path)] == []


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        "deploy/.env",
        "stac_bridge/browser/index.html",
        "browser/node_modules/vue/package.json",
        "stac_bridge/api/__pycache__/app.pyc",
    ],
)
def test_what_only_lies_about_in_a_clone_stays_out_of_the_image(path: str) -> None:
    assert not is_sent(path)


def test_the_image_builds_the_browser_and_takes_it_from_where_the_build_leaves_it() -> None:
    build = runpy.run_path(str(ROOT / "browser" / "build.py"))
    target = build["TARGET"].relative_to(ROOT).as_posix()
    stage = DOCKERFILE.partition(" AS browser\n")[2].partition("\nFROM ")[0]
    (node,) = re.findall(r"^FROM node:(\d+)-slim\$\{NODE_DIGEST\} AS browser$", DOCKERFILE, re.MULTILINE)
    assert int(node) >= build["OLDEST_NODE"]
    assert "WORKDIR /src\nCOPY scripts scripts\nCOPY browser browser\n" in stage
    assert f"RUN python3 -m browser.build \\\n && test -f {target}/index.html" in stage, "an image without one fails"
    assert ("browser", [f"/src/{target}"], target) in copies()


def test_the_wheel_of_the_image_has_the_browser_and_the_mappings(tmp_path: Path) -> None:
    context, out = tmp_path / "context", tmp_path / "out"
    for path in tracked():
        if is_sent(path):
            (context / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, context / path)
    (_stage, _sources, browser) = next(copy for copy in copies() if copy[0] == "browser")
    (context / browser).mkdir()
    (context / browser / "index.html").write_text("<title>STAC Browser</title>")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(out)]
    subprocess.run(command, cwd=context, check=True, capture_output=True)
    (wheel,) = out.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"stac_bridge/browser/index.html", "stac_bridge/_mappings/naip.yaml"} <= names


def place(path: str) -> str:
    """The block of a location."""
    return NGINX.partition(f"location {path} {{")[2].partition("}")[0]


def test_the_proxy_keeps_pages_and_never_bytes_or_redirects() -> None:
    assert "proxy_cache kept;" in place("/")
    assets = place("~ ^/collections/[^/]+/items/[^/]+/assets/")
    assert "proxy_pass http://bridge;" in assets
    assert "proxy_buffering off;" in assets
    assert "proxy_cache" not in assets
    assert "Range" not in "".join(re.findall(r"proxy_set_header .*", NGINX)), "it would not pass as it was asked"


def test_the_proxy_tells_who_asked_and_passes_on_nothing_that_a_client_says_of_itself() -> None:
    told = dict(re.findall(r"proxy_set_header (\S+) (.*);", NGINX))
    assert told["X-Forwarded-For"] == "$remote_addr"
    assert told["Forwarded"] == '""'
    assert {"X-Forwarded-Proto", "X-Forwarded-Host"} <= told.keys()


def test_the_proxy_waits_as_long_as_an_answer_may_take() -> None:
    (seconds,) = re.findall(r"proxy_read_timeout (\d+)s", NGINX)
    assert int(seconds) > Settings(m2m_username="", signing_keys=()).deadline


def in_bytes(size: str) -> int:
    """A size as nginx writes it."""
    return int(size[:-1]) * {"k": 2**10, "m": 2**20}[size[-1]]


async def test_the_proxy_takes_bodies_of_exactly_the_size_that_the_server_takes(tmp_path: Path) -> None:
    async with running(tmp_path) as here:
        (limits,) = [dict(one.kwargs) for one in here.app.user_middleware if one.cls is CancelOnDisconnect]
    (everywhere,) = re.findall(r"^        client_max_body_size (\w+);", NGINX, re.MULTILINE)
    assert in_bytes(everywhere) == limits["max_body"]
    by_path = re.findall(r"location = (\S+) \{[^}]*client_max_body_size (\w+);", NGINX)
    assert {path: in_bytes(size) for path, size in by_path} == limits["by_path"]


def test_the_proxy_takes_addresses_as_long_as_the_server_may_be_set_to_take() -> None:
    (longest,) = [bound.le for bound in Settings.model_fields["max_url"].metadata if hasattr(bound, "le")]
    (line,) = re.findall(r"large_client_header_buffers \d+ (\w+);", NGINX)
    (response,) = re.findall(r"proxy_buffer_size (\w+);", NGINX)
    assert in_bytes(line) > longest
    assert in_bytes(response) > longest, "a redirect repeats the address"


def test_the_proxy_drops_an_idle_connection_before_the_server_does() -> None:
    (seconds,) = re.findall(r" keepalive_timeout (\d+)s;", NGINX)
    assert int(seconds) < uvicorn.Config("").timeout_keep_alive
