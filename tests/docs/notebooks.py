"""Notebooks of the examples with pictures, made from their scripts: ``python -m tests.docs.notebooks``."""

from __future__ import annotations

import jupytext
import nbformat

from tests.docs.shell import ROOT

EXAMPLES = ROOT / "examples"
NAMES = ("seasons", "cloud_free", "before_after", "by_year")


def made(name: str) -> str:
    """The notebook of a script, without outputs, and the same at every time."""
    notebook = jupytext.read(EXAMPLES / f"{name}.py", fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{name}-{number}"
        cell.metadata = nbformat.NotebookNode()
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = nbformat.NotebookNode(kernelspec=python, language_info={"name": "python"})
    return str(nbformat.writes(notebook, version=4)) + "\n"


if __name__ == "__main__":
    for name in NAMES:
        (EXAMPLES / f"{name}.ipynb").write_text(made(name), encoding="utf-8")
