"""The tables of docs/errors.md, generated from the code: ``python -m tests.docs.errors_table`` updates them."""

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
    "BadCursor": "Restart the search; do not change a search while paging through it.",
    "PreconditionFailed": "Read the file again from its start, with its new `ETag`.",
    "TooLarge": "Send less; `/sign` accepts more than a search.",
    "TooLong": "Send the search as a POST.",
    "TooOften": "Retry after the seconds in `Retry-After`.",
    "TooSlow": "Send the body faster, or in smaller parts.",
    "NotFound": "Check the id: see `/collections`, or search by `ids`.",
    "Refused": "[Renew the href](signing.md) if it has expired; use it exactly as in the Item.",
    "SearchTooWide": "Follow the `next` link, name collections, or narrow the search; see "
    "[what filters cost](filters.md). Without collections, repeating the search continues it.",
    "Staging": "Retry after the seconds in `Retry-After`; GDAL does with `GDAL_HTTP_MAX_RETRY`.",
    "AssetUnavailable": "Use another asset or scene; the text has USGS's reason.",
    "ServerBusy": "Retry after the seconds in `Retry-After`; the log names the [limit](limits.md).",
    "NoRoom": "Free disk space, or raise `STAC_BRIDGE_SPOOL_BYTES`.",
    "MappingInvalid": "Run `stac-bridge mappings check`, and fix the line it names.",
    "UpstreamBusy": "Retry after the seconds in `Retry-After`. If it recurs, the account is also in use elsewhere.",
    "UpstreamUnreachable": "Retry after the seconds in `Retry-After`; the landing page has USGS's maintenance notices.",
    "UpstreamTimeout": "Narrow the search, or retry later.",
    "UpstreamLogin": "Run `stac-bridge doctor --live` to check the username, the token and the account's roles.",
    "UpstreamFault": "The text has M2M's message; `upstream_code` is [M2M's code](#codes-of-m2m).",
}


def kinds() -> dict[str, type[errors.BridgeError]]:
    """Every error that has a status, by name, in the order of the tree in the module's docstring."""
    kinds = (getattr(errors, name) for name in re.findall(r"[─] (\w+)", str(errors.__doc__)))
    return {kind.__name__: kind for kind in kinds if kind in STATUS}


def problems() -> str:
    """A row for each error class."""
    rows = ["| `code` | status | when | what to do |", "|---|---|---|---|"]
    for name, kind in kinds().items():
        rows.append(f"| `{name}` | {STATUS[kind]} | {_when(kind)} | {WHAT_TO_DO[name]} |")
    return "\n".join(rows)


def _when(kind: type[errors.BridgeError]) -> str:
    return " ".join(inspect.cleandoc(str(kind.__doc__)).split()).partition(";")[0].rstrip(".")


def codes() -> str:
    """A row for each group of M2M codes with the same response."""
    rows = ["| M2M's code | `code` | status | `Retry-After` | the text starts with |", "|---|---|---|---|---|"]
    groups: dict[str, list[str]] = {}
    for code in TABLE:
        error = upstream_error(code, None)
        text = str(error).partition(f" ({code}")[0]
        wait = "" if error.retry_after is None else f"{error.retry_after} s"
        response = f"`{type(error).__name__}` | {STATUS[type(error)]} | {wait} | {text}"
        groups.setdefault(response, []).append(f"`{code}`")
    return "\n".join([*rows, *(f"| {', '.join(codes)} | {response} |" for response, codes in groups.items())])


def written(text: str) -> str:
    """The page's text with its tables updated."""
    tables = {"errors": problems(), "codes": codes()}
    return _PLACE.sub(lambda match: f"{match[1]}{tables[match[2]]}\n{match[3]}", text)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
