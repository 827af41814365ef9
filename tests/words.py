"""List what is left of the old vocabulary, each with a better word: ``make words [PATHS=…]``. It fails nothing."""

from __future__ import annotations

import argparse
import ast
import io
import os
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATHS = ("stac_bridge", "m2m_sandbox", "docs", "README.md")


class Scope(Flag):
    """Which texts a word is searched in."""

    names = auto()
    prose = auto()
    both = names | prose


@dataclass(frozen=True)
class Word:
    """A word to avoid. ``pattern`` matches lower case between word boundaries; it defaults to the word itself."""

    word: str
    better: str
    scope: Scope = Scope.both
    pattern: str = ""


WORDS = (  # At each place the first match wins, so phrases precede the words they contain.
    Word("is asked of", "is requested from, queries", Scope.prose, r"(?:is|are|was|were) asked (?:of|for)"),
    Word("comes back", "returns, is retried, retry later", Scope.prose, "(?:comes?|came|coming) back"),
    Word("leaves with", "exits with, returns", Scope.prose, "(?:leaves?|left) with"),
    Word("stands in", "is in, contains", Scope.prose, "(?:stands?|stood) in"),
    Word("of ours", "our, this server's", Scope.prose),
    Word("once more", "a retry, a second time"),
    Word("but for", "except", Scope.prose),
    Word("what … has", "the noun: fields, values, properties", Scope.prose, r"what (?:\w+ ){1,3}ha(?:s|ve)"),
    Word(
        "where (for if)",
        "if, when, unless",
        Scope.prose,
        "where (?:there (?:is|are|was)|(?:it|one|that|they) (?:is|are|does|do|has|have|can|cannot)|no|nothing|nobody)",
    ),
    Word("said", "request, parameters, body, text", pattern="sa(?:y|ys|id|ying)"),
    Word("told", "parameters, settings, reported, shown", pattern="tell(?:s|ing)?|told"),
    Word("asked", "request, query, parameters", pattern="ask(?:s|ed|ing)"),
    Word("asker", "caller, client", pattern="askers?"),
    Word("found", "results, matches, scenes, items (the noun it is)", Scope.names, "(?<!not )found"),
    Word("one", "the noun it is", Scope.names, "^one$"),
    Word("every", "the noun it is, in the plural", Scope.names, "^every$"),
    Word("few", "the noun it is", Scope.names),
    Word("given", "parameters, values, options", Scope.names, "(?:given|gives|gave)(?! up)"),
    Word("gives", "returns, yields, has", Scope.prose, "gives|gave|(?:is|are|was|were|be) given"),
    Word("most", "maximum, limit, max_…", Scope.names),
    Word("most …", "maximum number of …", Scope.prose, r"(?<!at )(?<!the )most (?!of )\w+s"),
    Word("least", "minimum, min_…", Scope.names),
    Word("again", "interval, …_INTERVAL, retry", Scope.names),
    Word("patience", "timeout, timeouts"),
    Word("pursuit", "retry, retry policy"),
    Word("witness", "health, health check", pattern="witness(?:es)?"),
    Word("pulse", "call statistics, recent calls"),
    Word("kept", "cached, stored, saved"),
    Word("slot", "lease"),
    Word("striking", "fault, injecting faults", pattern="str(?:ikes?|iking|uck)"),
    Word("nobody", "no client, no process", pattern="nobody(?:'s)?"),
    Word("somebody", "a client, another process", pattern="(?:some|any)body(?:'s)?"),
    Word("learnt", "learned, metadata"),
    Word("anew", "again"),
    Word("lest", "so that … not"),
    Word("catalogue", "catalog", pattern=r"catalogue\w*"),
    Word("licence", "license", pattern=r"licence\w*"),
    Word("…our", "…or: color, behavior", pattern=r"\w*(?:behavi|col|fav|harb|neighb|vig)our\w*"),
    Word("…re", "…er: center, meter", pattern=r"(?:cent|\w*met|fib|lit)re[sd]?"),
    Word("…ise", "…ize: customize", pattern=r"\w*(?:custom|normal|organ|real|recogn|serial|summar|util)is[aei]\w*"),
    Word("grey", "gray", pattern="grey(?:s|scale)?"),
)


def lookup(scope: Scope) -> re.Pattern[str]:
    """Join the words of a scope into one expression; the number in a group's name is an index of ``WORDS``."""
    groups = (f"(?P<w{index}>{word.pattern or word.word})" for index, word in enumerate(WORDS) if word.scope & scope)
    return re.compile(rf"\b(?:{'|'.join(groups)})\b")


NAMES, PROSE = lookup(Scope.names), lookup(Scope.prose)
CODE = re.compile(r"`+([^`]+)`+")
FENCE = re.compile(r"^ *(```+|~~~+).*?^ *\1[^\n]*$", re.MULTILINE | re.DOTALL)

Hit = tuple[int, Word]
"""A line number and the word on that line."""


def matches(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, Word]]:
    """Yield the offset of each match, and its word."""
    for match in pattern.finditer(text):
        yield match.start(), WORDS[int(str(match.lastgroup)[1:])]


@cache
def in_name(name: str) -> tuple[Word, ...]:
    """Return the words in an identifier, which is split first: ``_maxTold`` becomes "max told"."""
    parts = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().strip("_").replace("_", " ")
    return tuple(word for _offset, word in matches(NAMES, parts))


def in_prose(text: str, line: int, last: int | None = None) -> Iterator[Hit]:
    """Yield the words in a text that starts at ``line``; its code spans are searched as identifiers.

    A literal's value may have more line breaks than its source (escapes): no line number exceeds ``last``.
    """

    def line_at(offset: int) -> int:
        number = line + text.count("\n", 0, offset)
        return number if last is None else min(number, last)

    for span in CODE.finditer(text):
        yield from ((line_at(span.start()), word) for name in re.findall(r"\w+", span[1]) for word in in_name(name))
    plain = CODE.sub(lambda span: "`" * len(span[0]), text)
    yield from ((line_at(offset), word) for offset, word in matches(PROSE, re.sub(r"\s", " ", plain).lower()))


def in_python(source: str) -> Iterator[Hit]:
    """Yield the words in identifiers, comments and strings; a string that is one identifier is searched as one."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield from in_prose(token.string, token.start[0])
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        for field in ("id", "attr", "arg", "name", "asname", "module"):
            names = str(getattr(node, field, None) or "").split(".")
            yield from ((line, word) for name in names for word in in_name(name))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.isidentifier():
                yield from ((line, word) for word in in_name(node.value))
            else:
                yield from in_prose(node.value, line, node.end_lineno)


def in_markdown(source: str) -> Iterator[Hit]:
    """Yield the words in prose, without fenced blocks: those show what the code prints."""
    return in_prose(FENCE.sub(lambda block: "\n" * block[0].count("\n"), source), 1)


READERS = {".py": in_python, ".md": in_markdown}


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the Python and Markdown files at or below these paths, except the built documentation."""
    for path in paths:
        below = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in below if file.suffix in READERS and "_build" not in file.parts)


def report(hits: Mapping[str, Iterable[Hit]]) -> Iterator[str]:
    """Yield one line per file and word, the files with most hits first, then the totals."""
    words, folders = Counter[str](), Counter[str]()
    by_file = {name: sorted(listed, key=lambda hit: hit[0]) for name, listed in hits.items()}
    for name, listed in sorted(by_file.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        folders[os.path.dirname(name) or name] += len(listed)
        for word, count in Counter(word for _line, word in listed).most_common():
            lines = dict.fromkeys(str(line) for line, other in listed if other is word)
            yield f"{name}: {word.word} ×{count} → {word.better} (line {', '.join(lines)})"
            words[word.word] += count
    for title, counts in (("By word", words), ("By folder", folders)):
        yield from ("", f"{title}:", *(f"{count:6}  {name}" for name, count in counts.most_common()))
    yield from ("", f"{words.total()} in {sum(map(bool, by_file.values()))} of {len(by_file)} files")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the report on the paths among the arguments, or on ``PATHS``."""
    parser = argparse.ArgumentParser(prog="python -m tests.words", description=str(__doc__))
    parser.add_argument("paths", nargs="*", type=Path, help=f"files or folders; by default {', '.join(PATHS)}")
    paths = parser.parse_args(arguments).paths or [ROOT / path for path in PATHS if (ROOT / path).exists()]
    for path in paths:
        if not path.exists():
            parser.error(f"There is no {path}; name files or folders of this repository.")
    sources = ((os.path.relpath(file, ROOT), file) for file in files(paths))
    print("\n".join(report({name: [*READERS[file.suffix](file.read_text("utf-8"))] for name, file in sources})))


if __name__ == "__main__":
    main()
