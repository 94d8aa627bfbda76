"""What an artist declares about themselves: names, handles, domains, profiles, addresses of their pictures.

Declarations, never findings: nothing here is checked against the world.  Parsing takes text and returns a frozen value; errors name
the file, the line and the key.  Reading files is the caller's.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from scanner.errors import ConfigError
from scanner.hanzi import spellings
from scanner.url_lists import UNUSABLE, parse_url_list
from scanner.urls import BadUrl, canonicalize_url, is_public_suffix, platform_of
from scanner.urls.canonicalize import BadUrlReason, canonical_host

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Domain", "Identity", "Name", "identity_of", "identity_template", "parse_identity", "parse_url_list"]

_KEYS: Final = ("names", "aliases", "handles", "domains", "profile_urls", "work_urls", "work_urls_file")
CASE_KEYS: Final = (  # of a case.toml, whose [identity] may be read alone
    "claimant",
    "datasets",
    "fetch",
    "identity",
    "lang",
    "on_findings",
    "portfolio",
    "remote",
    "scan",
    "timestamp",
    "webhook",
    "workers",
)
_MAX_DECLARED: Final = 512  # characters of a name, handle or title


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A declared name: as written, and with its parts where the owner gave them (then also "Family, Given" is looked for)."""

    name: str
    given: str | None = None
    family: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A domain of one's own and when it was: ISO dates, inclusive, None where open.  ``domain`` is lower case, A-labels."""

    domain: str
    since: str | None = None
    until: str | None = None

    def covers(self, released: str | None) -> bool:
        """Whether a release of that day (``2021-08-20``, ``2021-08`` or ``2021``) lies in the time; an unknown day does.

        A release that is named by a version or a commit has no day that we know.
        """
        if released is None or re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", released) is None:
            return True
        first, last = released, released + "~"  # "~" sorts behind digits and "-": the last day of a month or year
        return (self.since is None or last >= self.since) and (self.until is None or first <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What one claimant declares.  All text is as written but for surrounding white space; order as given, no repetitions."""

    names: tuple[Name, ...] = ()
    aliases: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    domains: tuple[Domain, ...] = ()
    profile_urls: tuple[str, ...] = ()
    work_urls: tuple[str, ...] = ()
    work_urls_files: tuple[str, ...] = field(default=(), compare=False)  # paths, for the caller to read; in no package

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of ``record()``."""
        text = json.dumps(self.record(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def record(self) -> dict[str, Any]:
        """What ``identity.json`` holds: strings, arrays, null; ``spellings`` are the forms of Han characters also looked for."""
        return {
            "schema": "provscan.identity/1",
            "names": [{"name": one.name, "given": one.given, "family": one.family} for one in self.names],
            "aliases": list(self.aliases),
            "handles": list(self.handles),
            "domains": [{"domain": one.domain, "from": one.since, "to": one.until} for one in self.domains],
            "profile_urls": list(self.profile_urls),
            "work_urls": list(self.work_urls),
            "spellings": [
                {"of": text, "also": list(also)}
                for text in dict.fromkeys((*(one.name for one in self.names), *self.aliases))
                if (also := spellings(text))
            ],
        }

    def with_work_urls(self, urls: tuple[str, ...]) -> Identity:
        """This Identity with further work URLs, as read from a file of ``work_urls_files``."""
        return replace(self, work_urls=tuple(dict.fromkeys((*self.work_urls, *urls))))


def parse_identity(text: str, *, where: str) -> Identity:
    """The Identity in a TOML file: the keys of ``[identity]`` in ``case.toml``, at the top or in a table of that name.

    Args:
        text: the whole file.
        where: its name, for error messages.

    Raises:
        ConfigError: not TOML, an unknown key, a value that cannot be used; with file, line and key.
    """
    try:
        table: Mapping[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{where} is not valid TOML: {error}", hint='Text stands in straight double quotes ("), lists in [ ].'
        ) from error
    path = ""
    if set(table) <= set(CASE_KEYS) and isinstance(table.get("identity"), dict):
        table, path = table["identity"], "identity."
    return identity_of(table, where=where, text=text, path=path)


def identity_of(table: Mapping[str, Any], *, where: str, text: str = "", path: str = "identity.") -> Identity:
    """The Identity in a TOML table that is already read.

    Args:
        table: the table.
        where: the file's name, for error messages.
        text: the whole file, so that errors can name the line.
        path: what stands before the keys in error messages.

    Raises:
        ConfigError: an unknown key or a value that cannot be used; with file, line and key.
    """
    reader = _Reader(where=where, text=text, path=path)
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(_KEYS)}."
            raise reader.error(key, key, "is not a key of an identity", hint)
    return Identity(
        names=_unique(reader.name(key, value) for key, value in reader.entries(table, "names")),
        aliases=_unique(reader.text_of(key, value) for key, value in reader.entries(table, "aliases")),
        handles=_unique(reader.handle(key, value) for key, value in reader.entries(table, "handles")),
        domains=_unique(reader.domain(key, value) for key, value in reader.entries(table, "domains")),
        profile_urls=_unique(reader.url(key, value) for key, value in reader.entries(table, "profile_urls")),
        work_urls=_unique(reader.url(key, value) for key, value in reader.entries(table, "work_urls")),
        work_urls_files=_unique(reader.text_of(key, value) for key, value in reader.entries(table, "work_urls_file")),
    )


def _unique(values: Any) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Typed reading of one table, with errors that say where."""

    where: str
    text: str
    path: str

    def error(self, key: str, shown: object, what: str, hint: str = "") -> ConfigError:
        line = self._line_of(key, shown)
        place = f"{self.where}:{line}" if line else self.where
        return ConfigError(f"{place}: {self.path}{key} {what}", hint=hint)

    def _line_of(self, key: str, shown: object) -> int | None:
        """The line of the value as it stands in the file, else of its key; the TOML reader keeps no positions."""
        lines = self.text.split("\n")
        quoted = json.dumps(shown, ensure_ascii=False)[1:-1] if isinstance(shown, str) else str(shown)
        start = next(
            (n for n, line in enumerate(lines) if re.match(rf"\s*{re.escape(key.partition('[')[0])}\s*=", line)), 0
        )
        for number in range(start, len(lines)):
            if quoted and quoted in lines[number]:
                return number + 1
        return start + 1 if self.text else None

    def entries(self, table: Mapping[str, Any], key: str) -> list[tuple[str, object]]:
        value = table.get(key, [])
        if isinstance(value, (str, dict)):
            return [(key, value)]
        if not isinstance(value, list):
            raise self.error(key, key, f"must be a list of text, not {_kind_of(value)}")
        return [(f"{key}[{number}]", entry) for number, entry in enumerate(value)]

    def text_of(self, key: str, value: object) -> str:
        if not isinstance(value, str):
            raise self.error(key, value, f"must be text, not {_kind_of(value)}")
        stripped = value.strip()
        if not stripped:
            raise self.error(key, value, "is empty")
        if UNUSABLE.search(stripped):
            raise self.error(key, value, "holds a control character or a broken one (U+FFFD)")
        return stripped

    def short(self, key: str, value: object) -> str:
        text = self.text_of(key, value)
        if len(text) > _MAX_DECLARED:
            raise self.error(key, value, f"is longer than {_MAX_DECLARED} characters")
        return text

    def name(self, key: str, value: object) -> Name:
        if not isinstance(value, dict):
            return Name(name=self.short(key, value))
        for part in value:
            if part not in {"name", "given", "family"}:
                raise self.error(f"{key}.{part}", part, "is not a key of a name", "Known keys: name, given, family.")
        parts = {part: self.short(f"{key}.{part}", value[part]) for part in value}
        given, family = parts.get("given"), parts.get("family")
        if (given is None) != (family is None):
            raise self.error(key, given or family, "needs both given and family, or neither")
        name = parts.get("name") or (f"{given} {family}" if given else None)
        if name is None:
            raise self.error(
                key, key, "has no name", 'Write { given = "Ada", family = "Example" } or just "Ada Example".'
            )
        return Name(name=name, given=given, family=family)

    def handle(self, key: str, value: object) -> str:
        handle = self.short(key, value).removeprefix("@")
        if not handle or re.search(r"[\s/@]", handle):
            raise self.error(key, value, "is not a user name", "Give the name alone; addresses go into profile_urls.")
        return handle

    def url(self, key: str, value: object) -> str:
        text = self.text_of(key, value)
        canonical = canonicalize_url(text)
        if isinstance(canonical, BadUrl):
            hint = "An address begins with https://." if canonical.reason is BadUrlReason.SCHEME else ""
            raise self.error(key, value, f"is not an http or https address ({canonical.reason})", hint)
        if re.search(r"\shttps?://", text):
            raise self.error(
                key, value, "holds several addresses", 'Write each in its own quotation marks: ["…", "…"].'
            )
        return text

    def domain(self, key: str, value: object) -> Domain:
        bounds: dict[str, str | None] = {"from": None, "to": None}
        shown = value
        if isinstance(value, dict):
            for part in value:
                if part not in {"domain", "from", "to"}:
                    raise self.error(f"{key}.{part}", part, "is not a key of a domain", "Known keys: domain, from, to.")
            bounds = {part: self.day(f"{key}.{part}", value[part]) if part in value else None for part in bounds}
            shown = value.get("domain", "")
        text = self.text_of(key, shown)
        host = canonical_host(text)
        if host is None or "." not in host:
            hint = "Give the domain alone, like example.art; addresses go into profile_urls or work_urls."
            raise self.error(key, shown, f"{text!r} is not a domain", hint)
        platform = platform_of(host)
        if platform is not None or is_public_suffix(host):
            what = f"{host} is shared by many people{f' ({platform})' if platform else ''}"
            raise self.error(key, shown, what, "Declare your page there in profile_urls instead.")
        since, until = bounds["from"], bounds["to"]
        if since and until and until < since:
            raise self.error(key, shown, "ends before it begins")
        return Domain(domain=host.removeprefix("www.") if host.count(".") > 1 else host, since=since, until=until)

    def day(self, key: str, value: object) -> str:
        if isinstance(value, date):
            return value.isoformat()[:10]
        text = self.text_of(key, value)
        try:
            if re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", text):
                date.fromisoformat(f"{text}-01-01"[:10])
                return text
        except ValueError:  # the 31st of February
            pass
        raise self.error(key, value, "is not a date like 2016-05-01")


def _kind_of(value: object) -> str:
    return {
        bool: "true or false",
        int: "a number",
        float: "a number",
        dict: "a table",
        list: "a list",
        str: "text",
    }.get(type(value), type(value).__name__)


def identity_template() -> str:
    """The commented ``[identity]`` keys that ``provscan init`` writes: valid TOML that declares nothing yet."""
    return _TEMPLATE


_TEMPLATE: Final = """\
# What you declare about yourself.  None of it leaves this computer, and none of it is checked: it is looked for in the rows.
# Remove the # in front of a line to use it.

# Your name as it stands beside your pictures.  With its parts, "Example, Ada" is found as well.  Write a Chinese, Japanese or Korean
# name with a space between its parts: it is then also found written in one.
names = [
  # "Ada Example",
  # { given = "Ada", family = "Example" },
]

# Pen names, former names, your name in another script.  Found only as written (case and accents aside).  A name that many rows hold is
# counted, and its rows are listed only where something else points to you as well.
aliases = [
  # "The Example Studio",
]

# User names, with or without @.
handles = [
  # "@ada_example",
]

# Domains that are yours alone; their sub-domains count too.  For a domain you have sold or bought, say from when to when.
# Shared sites (deviantart.com, blogspot.com ...) do not belong here: give your page there under profile_urls.
domains = [
  # "ada-example.art",
  # { domain = "ada-old.example", from = "2009-01-01", to = "2018-06-30" },
]

# Your pages on shared sites.
profile_urls = [
  # "https://www.deviantart.com/ada-example",
  # "https://ada-example.artstation.com",
]

# Addresses of your pictures (the picture files, not the pages): the best there is, because the same picture is then found at other sizes
# and through other sites' thumbnails.  Most platforms can export such a list.
work_urls = [
  # "https://cdna.artstation.com/p/assets/images/images/000/000/001/large/ada-example-fox.jpg",
]
# The same from a file beside this one: text with one address a line, or a table (csv) with a column "url".
# work_urls_file = "gallery.csv"
"""
