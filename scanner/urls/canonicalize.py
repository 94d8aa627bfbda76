"""Canonical URLs: one form for comparing, made from whatever stands in a cell.

Total: any ``str`` (lone surrogates included) or None gives a ``CanonicalUrl`` or a ``BadUrl`` with its reason, never an exception,
in time linear in its length.  Idempotent: the canonical text canonicalises to itself.  The verbatim cell is what reports print and
what would be requested; this form is only compared.

Rules (identity.md section 3, rule set ``url_rules/1``): trim, refuse what browsers and parsers read differently, lower-case host in
A-label form, unreserved escapes decoded and the others upper-cased (RFC 3986 section 6.2.2), dot segments resolved (section 5.2.4),
tracking parameters and access tokens dropped, fragment dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import AddressValueError, IPv6Address

import idna

URL_RULES = "url_rules/1"
MAX_BYTES = (
    8_192  # longer cells are counted as bad_url: DataComp has URLs of 13 k, none of them an address of a picture file
)
_TRIMMED = "".join(map(chr, range(0x21)))  # C0 controls and space, as browsers trim
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_AMPERSANDS = re.compile(r"&(?:amp;)+")
_SCHEME = re.compile(r"(?i)(?:(https?):)?//", re.ASCII)  # without ASCII the long s is an s
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNPRINTABLE = re.compile(r"[^\x21-\x7e]+")
_PLAIN_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_HEX = frozenset("0123456789abcdefABCDEF")
_TRACKING = frozenset({"fbclid", "gclid", "mc_cid", "mc_eid", "igshid"})
_TOKENS = frozenset(
    {
        "token",
        "sig",
        "signature",
        "policy",
        "key-pair-id",
        "expires",
        "hmac",
        "awsaccesskeyid",
        "ossaccesskeyid",
        "googleaccessid",
    }
)
_DROPPED_PREFIXES = ("utm_", "x-amz-", "x-goog-", "token-")  # token-hash, token-time: Patreon


class BadUrlReason(StrEnum):
    """Why a cell has no canonical form.  Byte equality still applies to it."""

    NULL = "null"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    SCHEME = "scheme"
    AUTHORITY_CHARACTERS = "authority_characters"
    USER_INFO = "user_info"
    PORT = "port"
    BRACKETS = "brackets"
    HOST = "host"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadUrl:
    """A cell that is refused, and why."""

    reason: BadUrlReason


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalUrl:
    """An http or https URL in canonical form.

    ``host`` is lower case, A-labels, without trailing dot, with ``www.`` if the cell had it; ``port`` None where it is the scheme's
    own; ``path`` begins with ``/``; ``query`` is None where nothing stands after the question mark.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    query: str | None

    @property
    def text(self) -> str:
        """The whole canonical URL, scheme included."""
        return f"{self.scheme}://{self._authority(self.host)}{self._rest}"

    @property
    def compare_host(self) -> str:
        """The host without ``www.``: what the compare form and the scope of asset keys use."""
        return without_www(self.host)

    @property
    def compare(self) -> str:
        """The compare form: http is https, ``www.`` is off."""
        return f"{self._authority(self.compare_host)}{self._rest}"

    def _authority(self, host: str) -> str:
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def _rest(self) -> str:
        return self.path if self.query is None else f"{self.path}?{self.query}"


def canonicalize_url(raw: str | None) -> CanonicalUrl | BadUrl:
    """The canonical form of a cell, or why it has none.

    ``//host/path`` is read as https; any other scheme than http and https is refused, and so are user info, a backslash, a space
    or a control character inside the authority (browsers and parsers disagree about the host then).
    """
    if raw is None:
        return BadUrl(reason=BadUrlReason.NULL)
    text = raw.strip(_TRIMMED)
    if not text:
        return BadUrl(reason=BadUrlReason.EMPTY)
    if len(text) > MAX_BYTES or (not text.isascii() and len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES):
        return BadUrl(reason=BadUrlReason.TOO_LONG)
    start = _SCHEME.match(text)
    if start is None:
        return BadUrl(reason=BadUrlReason.SCHEME)
    scheme = (start[1] or "https").lower()
    authority, path, query = _split(_AMPERSANDS.sub("&", text[start.end() :]))
    place = _host_and_port(authority)
    if isinstance(place, BadUrlReason):
        return BadUrl(reason=place)
    host, port = place
    canonical = CanonicalUrl(
        scheme=scheme,
        host=host,
        port=None if port == _DEFAULT_PORTS[scheme] else port,
        path=_without_dot_segments(_normal_escapes(path) or "/"),
        query=_kept_query(_normal_escapes(query)),
    )
    # Escaping makes text longer; what could not be read again is no canonical form.
    return canonical if len(canonical.text) <= MAX_BYTES else BadUrl(reason=BadUrlReason.TOO_LONG)


def without_www(host: str) -> str:
    """The host without a leading ``www.`` label, unless nothing but a single label would remain."""
    return host[4:] if host.startswith("www.") and "." in host[4:] else host


def canonical_host(text: str) -> str | None:
    """A host name as in canonical URLs: lower case, A-labels, one trailing dot off; None where it is no host name."""
    if text.isascii():
        host = text.lower().removesuffix(".")
        return host if len(host) <= 253 and _PLAIN_HOST.fullmatch(host) else None
    if len(text) > 253:
        return None
    try:
        encoded = idna.encode(text.removesuffix(".").removesuffix("。"), uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return None
    return encoded if _PLAIN_HOST.fullmatch(encoded) else None


def _split(rest: str) -> tuple[str, str, str]:
    rest = rest.partition("#")[0]
    before_query, _, query = rest.partition("?")
    authority, slash, path = before_query.partition("/")
    return authority, slash + path, query


def _host_and_port(authority: str) -> tuple[str, int | None] | BadUrlReason:
    if "@" in authority:
        return BadUrlReason.USER_INFO
    if "\\" in authority or any(character <= " " or character == "\x7f" for character in authority):
        return BadUrlReason.AUTHORITY_CHARACTERS
    if "[" in authority or "]" in authority:
        return _bracketed(authority)
    name, colon, digits = authority.partition(":")
    port = _port(digits) if colon else None
    if isinstance(port, BadUrlReason):
        return port
    host = canonical_host(name)
    return BadUrlReason.HOST if host is None else (host, port)


def _bracketed(authority: str) -> tuple[str, int | None] | BadUrlReason:
    inside, closing, after = authority[1:].partition("]")
    if not authority.startswith("[") or not closing or (after and not after.startswith(":")):
        return BadUrlReason.BRACKETS
    if "%" in inside:  # a zone names an interface of one machine
        return BadUrlReason.BRACKETS
    try:
        address = IPv6Address(inside)
    except (AddressValueError, ValueError):
        return BadUrlReason.BRACKETS
    port = _port(after[1:]) if after else None
    return port if isinstance(port, BadUrlReason) else (f"[{address.compressed}]", port)


def _port(digits: str) -> int | BadUrlReason | None:
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit()) or len(digits.lstrip("0")) > 5:
        return BadUrlReason.PORT
    number = int(digits)
    return number if 1 <= number <= 65_535 else BadUrlReason.PORT


def _normal_escapes(text: str) -> str:
    """Unreserved escapes decoded, the others upper-cased, what is not printable ASCII escaped as UTF-8; stray ``%`` kept."""
    text = _UNPRINTABLE.sub(_escaped, text)
    if "%" in text:
        # A stray percent sign may complete an escape with a character decoded behind it ("%%341" -> "%41" -> "A"), and the
        # second reading would differ from the first: there, decode only what cannot join it.
        text = _careful_escapes(text) if _STRAY_PERCENT.search(text) else _ESCAPE.sub(_normal_escape, text)
    return _AMPERSANDS.sub("&", text)  # "&%61mp;" has become "&amp;"


def _escaped(match: re.Match[str]) -> str:
    return "%" + match[0].encode("utf-8", "surrogatepass").hex("%").upper()


def _normal_escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _careful_escapes(text: str) -> str:
    out: list[str] = []
    position, stray = 0, -3  # stray: where in `out` the last percent sign that begins no escape stands
    while position < len(text):
        match = _ESCAPE.match(text, position)
        if match is None:
            if text[position] == "%":
                stray = len(out)
            out.append(text[position])
            position += 1
            continue
        character = chr(int(match[1], 16))
        joins = len(out) - stray <= 2 and character in _HEX
        if character in _UNRESERVED and not joins:
            out.append(character)
        else:
            out.extend(match[0].upper())
        position = match.end()
    return "".join(out)


def _without_dot_segments(path: str) -> str:
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment in {".", ".."}:
            if segment == ".." and kept:
                kept.pop()
            if last:
                kept.append("")
        else:
            kept.append(segment)
    return "/" + "/".join(kept)


def is_dropped_parameter(name: str) -> bool:
    """Whether a query parameter is a tracking mark or an access token: in no canonical form, key, log line or plan."""
    name = name.lower()
    return name in _TRACKING or name in _TOKENS or name.startswith(_DROPPED_PREFIXES)


def _kept_query(query: str) -> str | None:
    if not query:
        return None
    kept = [part for part in query.split("&") if not is_dropped_parameter(part.partition("=")[0])]
    return "&".join(kept) or None
