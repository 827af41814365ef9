"""How Sphinx makes a site of these pages: ``make docs``."""

from __future__ import annotations

import re
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

_OUTSIDE = re.compile(r"\[([^\]]+)\]\((\.\./[^)#\s]+)\)")


def names_alone(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Folders and pages of the repository are links where it is browsed, and names here. Files can be downloaded."""
    source[0] = _OUTSIDE.sub(_link, source[0])


def _link(found: re.Match[str]) -> str:
    return found[1] if Path(found[2]).suffix in ("", ".md") else found[0]


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", names_alone)
    # requests with an answer's first words as a comment, which the lexer of whole messages refuses
    app.add_lexer("http", BashLexer)
