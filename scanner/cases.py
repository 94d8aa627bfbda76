"""A case: an artist's folder over time.  ``case.toml`` as a frozen value; reading files is the caller's.

An unknown key is an error that names its path and the nearest known key: a misspelt setting that is silently ignored would be a
scan that nobody asked for.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from scanner.config import ScanConfig, config_of
from scanner.datasets import Dataset, Role
from scanner.errors import ConfigError
from scanner.identity import CASE_KEYS, Identity, identity_of, identity_template

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLLOW: Final = "follow"
_DATASET_KEYS: Final = ("columns", "layout", "name", "publisher", "release", "revision", "source", "statement")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What ``case.toml`` says.

    Attributes:
        portfolio: folders, picture files, ``works.csv`` lists; relative ones are relative to the case's folder.
        datasets: as given; ``revision`` None follows whatever the source has at the time of a run.
        identity: what the claimant declares; None where nothing is.
        claimant: whose case it is, as the packages state it.
        config: settings of every run.
        lang: language of report and tables.
        workers: processes; None is one for each core.
        on_findings: a command and its arguments, run when a run has new findings; empty for none.
        webhook: an address that is told; None for none.
        authorities: addresses of time stamp authorities that are sent the digest of each package's seal.
    """

    portfolio: tuple[str, ...]
    datasets: tuple[Dataset, ...]
    identity: Identity | None = None
    claimant: str | None = None
    config: ScanConfig = field(default_factory=ScanConfig)
    lang: Literal["en", "zh"] = "en"
    workers: int | None = None
    on_findings: tuple[str, ...] = ()
    webhook: str | None = None
    authorities: tuple[str, ...] = ()


def parse_case(text: str, *, where: str) -> Case:
    """Read a ``case.toml``.

    Raises:
        ConfigError: not TOML, an unknown key (with the nearest known one), a wrong type, no portfolio or no dataset.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{where} is not valid TOML: {error}",
            hint="Text stands in straight double quotes (\"), a Windows path in single ones ('C:\\pictures').",
        ) from error
    table = _Table(document, where, "", CASE_KEYS)
    identity = identity_of(document["identity"], where=where, text=text) if table.is_table("identity") else None
    portfolio, datasets = table.texts("portfolio"), table.tables("datasets", _DATASET_KEYS)
    if not portfolio:
        raise ConfigError(
            f"{where}: portfolio is empty", hint='Say where your pictures are: portfolio = ["../my-pictures"]'
        )
    if not datasets:
        raise ConfigError(
            f"{where}: there is no [[datasets]]", hint="Say what to compare with, as the example in the file shows."
        )
    settings = {key: document[key] for key in ("scan", "fetch", "remote") if table.is_table(key)}
    return Case(
        portfolio=portfolio,
        datasets=_named_once(tuple(_dataset(entry) for entry in datasets), where),
        identity=None if identity is None or (identity == Identity() and not identity.work_urls_files) else identity,
        claimant=table.text("claimant"),
        config=config_of(settings, where=where),
        lang="zh" if table.choice("lang", ("en", "zh")) == "zh" else "en",
        workers=table.number("workers"),
        on_findings=table.texts("on_findings"),
        webhook=_address(table, "webhook"),
        authorities=_authorities(document, where) if table.is_table("timestamp") else (),
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """Typed reading of one table; ``path`` stands before its keys in errors."""

    values: Mapping[str, Any]
    where: str
    path: str
    known: tuple[str, ...]

    def __post_init__(self) -> None:
        for key in self.values:
            if key not in self.known:
                near = difflib.get_close_matches(key, self.known, n=1)
                hint = f"Did you mean {self.path}{near[0]}?" if near else f"Known keys: {', '.join(self.known)}."
                raise ConfigError(f"{self.where}: unknown key {self.path}{key}", hint=hint)

    def error(self, key: str, what: str) -> ConfigError:
        return ConfigError(f"{self.where}: {self.path}{key} {what}", hint="Compare it with what provscan init writes.")

    def is_table(self, key: str) -> bool:
        if key in self.values and not isinstance(self.values[key], dict):
            raise self.error(key, f"must be a table: [{self.path}{key}]")
        return key in self.values

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip() or any(ord(mark) < 32 for mark in value):
            raise self.error(key, "must be one line of text in quotation marks")
        return value

    def needed(self, key: str) -> str:
        value = self.text(key)
        if value is None:
            raise self.error(key, "is missing")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(entry, str) and entry for entry in value):
            raise self.error(key, "must be a list of text in quotation marks")
        return tuple(value)

    def choice(self, key: str, known: tuple[str, ...]) -> str | None:
        value = self.values.get(key)
        if value is not None and value not in known:
            raise self.error(key, f"must be one of {', '.join(known)}")
        return value

    def number(self, key: str) -> int | None:
        value = self.values.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise self.error(key, "must be a whole number from 1")
        return value

    def tables(self, key: str, known: tuple[str, ...]) -> list[_Table]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self.error(key, f"must be written as [[{key}]], once for each")
        return [_Table(entry, self.where, f"{key}[{number}].", known) for number, entry in enumerate(value)]


def _dataset(table: _Table) -> Dataset:
    name = table.needed("name")
    if not _NAME.fullmatch(name):
        raise table.error("name", "may hold letters, digits, '.', '_' and '-' only: it stands in the evidence")
    columns = {}
    if table.is_table("columns"):
        mapping = _Table(
            table.values["columns"], table.where, f"{table.path}columns.", tuple(role.value for role in Role)
        )
        columns = {role: mapping.needed(role) for role in mapping.values}
    return Dataset(
        name=name,
        source=_pinned(table),
        release=table.text("release"),
        publisher=table.text("publisher"),
        statement=table.text("statement"),
        columns=columns,
        layout=table.text("layout"),
    )


def _pinned(table: _Table) -> str:
    """The source, at its revision where one is pinned."""
    source, revision = table.needed("source"), table.text("revision")
    if revision is None or revision == FOLLOW:
        return source
    found = re.fullmatch(r"(hf://datasets/[^/@?#]+(?:/[^/@?#]+)?)(.*)", source)
    if found is None or found[2].startswith("@"):
        raise table.error("revision", "pins a dataset at a hub that has none in its address: hf://datasets/ORG/NAME")
    return f"{found[1]}@{revision}{found[2]}"


def _named_once(datasets: tuple[Dataset, ...], where: str) -> tuple[Dataset, ...]:
    names = [dataset.name for dataset in datasets]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ConfigError(
            f"{where}: two datasets are called {twice}",
            hint="The evidence could not tell their rows apart: rename one.",
        )
    return datasets


def _address(table: _Table, key: str) -> str | None:
    value = table.text(key)
    if value is not None and not re.fullmatch(r"https?://\S+", value):
        raise table.error(key, "must be an address that begins with https://")
    return value


def _authorities(document: Mapping[str, Any], where: str) -> tuple[str, ...]:
    table = _Table(document["timestamp"], where, "timestamp.", ("tsa",))
    for url in table.texts("tsa"):
        if not re.fullmatch(r"https?://\S+", url):
            raise table.error("tsa", f"{url!r} is not an address that begins with http:// or https://")
    return table.texts("tsa")


def case_template() -> str:
    """The commented ``case.toml`` that ``provscan init`` writes: valid TOML, to be filled in."""
    return f"{_TEMPLATE}\n[identity]\n{identity_template()}"


_TEMPLATE: Final = """\
# A case: your pictures, what you declare about yourself, and the datasets they are compared with, over time.
#
# Fill in portfolio and [[datasets]] (remove the # in front of a line to use it), then:   provscan rescan FOLDER
# Run the same command again whenever you like: only what is new is compared, only what is new is reported.
# Paths are relative to the folder of this file.  On Windows write them in single quotes: 'C:\\pictures'.

# Whose case it is, as the evidence states it.
# claimant = "Ada Example"

# Folders of pictures, single pictures, or works.csv lists.
portfolio = [
  # "../my-pictures",
]

# Language of report and tables: en or zh.
lang = "en"

# A command that is run when a run has new findings; it is given a summary (JSON) on its standard input.  No shell is used.
# on_findings = ["/usr/local/bin/tell-me", "--quietly"]

# An address that is sent the same summary.
# webhook = "https://example.org/hooks/provscan"

# Each dataset once.  source: a file, a folder, a glob, or an address.  revision: "follow" takes whatever the source has at the
# time of a run; of a hf:// address a commit or tag pins it.
# [[datasets]]
# name = "laion400m"
# source = "../laion400m-meta"
# revision = "follow"
# release = "2021-08-20"
# columns = { url = "URL", caption = "TEXT" }    # only where the columns are not recognised

# Settings; what stands here are the defaults.
[scan]
# variants = "thorough"       # or "fast"
# fetch = "off"               # or "candidates", "all": which listed addresses may be requested
# thumbnails = true           # false leaves small pictures of unpublished works out of the packages

# Authorities that are sent the digest of each package's seal, and nothing else, to state since when it exists.
# [timestamp]
# tsa = ["https://tsa.example.org/"]
"""
