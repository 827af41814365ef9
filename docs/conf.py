"""How Sphinx makes a site of these pages: ``make docs``."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pygments.lexers import BashLexer

from stac_bridge import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "stac-bridge"
version = release = __version__
extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["_build"]
# A clone may lack the page that make bench WRITE=1 writes. Sphinx warns of an excluded page by another type than of a
# missing one, so only the warning about this page is suppressed. It looks up a missing page by its first suffix, .rst.
if not Path(__file__).with_name("benchmarks.md").exists():
    exclude_patterns.append("benchmarks.*")
    suppress_warnings = ["toc.excluded"]
nitpicky = True

myst_heading_anchors = 4
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

html_theme = "furo"
html_title = "stac-bridge"
html_logo = html_favicon = "../browser/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#14707e", "color-brand-content": "#14707e"},
    "dark_css_variables": {"color-brand-primary": "#5cc4d4", "color-brand-content": "#5cc4d4"},
}

_UPWARD = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+)([^)#\s]+)\)")


def unlink_repository(_app: Sphinx, page: str, source: list[str]) -> None:
    """Replace links to folders and Markdown files outside docs/ by their text.

    They work where the repository is browsed; the site has no such pages. Links to other files become downloads.
    """
    source[0] = _UPWARD.sub(partial(_unlink, page.count("/")), source[0])


def _unlink(depth: int, link: re.Match[str]) -> str:
    text, up, target = link.groups()
    leaves_docs = len(up) // len("../") > depth
    return text if leaves_docs and Path(target).suffix in ("", ".md") else link[0]


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", unlink_repository)
    # requests with an answer's first words as a comment, which the lexer of whole messages refuses
    app.add_lexer("http", BashLexer)
