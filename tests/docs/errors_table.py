"""The tables of docs/errors.md, made from the code: ``python -m tests.docs.errors_table`` writes them anew."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from stac_bridge import errors
from stac_bridge.api.errors import STATUS
from stac_bridge.m2m.errors import TABLE, upstream_error

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"
_PLACE = re.compile(r"(<!-- (errors|codes): [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)

WHAT_TO_DO = {
    "BadRequest": "Change what the text names.",
    "BadCursor": "Begin the search again; do not change a search while you page.",
    "TooLarge": "Send less; `/sign` takes more than searches do.",
    "TooLong": "Send the search as a POST.",
    "TooOften": "Come back when `Retry-After` says.",
    "NotFound": "Look the id up: `/collections`, or a search by `ids`.",
    "Refused": "[Renew the href](signing.md) where it has expired; take it as the Item has it.",
    "SearchTooWide": "Follow the `next` link, or narrow the search; [what filters cost](filters.md).",
    "Staging": "Come back when `Retry-After` says; GDAL does with `GDAL_HTTP_MAX_RETRY`.",
    "AssetUnavailable": "Take another asset or scene; the text gives USGS's reason.",
    "NoRoom": "Give the server room, or more `STAC_BRIDGE_SPOOL_BYTES`.",
    "MappingInvalid": "Run `stac-bridge mappings check`, and mend the line that it names.",
    "UpstreamBusy": "Come back when `Retry-After` says. Where it is often so, does something else use the account?",
    "UpstreamUnreachable": "Come back when `Retry-After` says; the landing page has USGS's notices of maintenance.",
    "UpstreamTimeout": "Narrow the search, or come back.",
    "UpstreamLogin": "Let `stac-bridge doctor --live` look at the username, the token and the account's roles.",
    "UpstreamFault": "The text has M2M's words; `upstream_code` is [M2M's code](#what-m2m-says).",
}


def kinds() -> dict[str, type[errors.BridgeError]]:
    """Every error that has a status, by name, in the order of the tree."""
    every = (getattr(errors, name) for name in re.findall(r"[─] (\w+)", str(errors.__doc__)))
    return {kind.__name__: kind for kind in every if kind in STATUS}


def problems() -> str:
    """A row for each error of ours."""
    rows = ["| `code` | status | when | what to do |", "|---|---|---|---|"]
    for name, kind in kinds().items():
        rows.append(f"| `{name}` | {STATUS[kind]} | {_when(kind)} | {WHAT_TO_DO[name]} |")
    return "\n".join(rows)


def _when(kind: type[errors.BridgeError]) -> str:
    return " ".join(inspect.cleandoc(str(kind.__doc__)).split()).partition(";")[0].rstrip(".")


def codes() -> str:
    """A row for the codes of M2M's that are told alike."""
    rows = ["| M2M's code | `code` | status | `Retry-After` | the text begins |", "|---|---|---|---|---|"]
    alike: dict[str, list[str]] = {}
    for code in TABLE:
        error = upstream_error(code, None)
        words = str(error).partition(f" ({code}")[0]
        wait = "" if error.retry_after is None else f"{error.retry_after} s"
        told = f"`{type(error).__name__}` | {STATUS[type(error)]} | {wait} | {words}"
        alike.setdefault(told, []).append(f"`{code}`")
    return "\n".join([*rows, *(f"| {', '.join(every)} | {told} |" for told, every in alike.items())])


def written(text: str) -> str:
    """The page's text with the tables that belong there."""
    made = {"errors": problems(), "codes": codes()}
    return _PLACE.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[3]}", text)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
