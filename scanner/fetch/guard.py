"""What is asked for, judged by its text alone: pure, before any name is looked up.

A cell is sent as it stands, trimmed, with spaces, control characters and everything beyond ASCII percent-encoded; nothing is
removed, upgraded or repaired, because the row lists that address.  Texts that parsers read differently are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import urljoin

import idna

from scanner.fetch.addresses import PORTS, Network, Refusal, check_addresses, parse_networks
from scanner.observations import FetchOutcome

MAX_URL_BYTES: Final = 8_192
_TRIMMED: Final = "".join(map(chr, range(0x21)))  # C0 controls and space, as browsers trim
_PARTS: Final = re.compile(r"(https?)://([^/?#]*)([^#]*)", re.IGNORECASE | re.ASCII | re.DOTALL)
_LABELS: Final = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_QUAD: Final = re.compile(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})")
_UNSENDABLE: Final = re.compile(r"[^\x21-\x7e]")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_ANYWHERE: Final = parse_networks(["0.0.0.0/0", "::/0"])


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedUrl:
    """An address whose text may be requested.

    Attributes:
        text: as it is sent: the trimmed cell without its fragment, what cannot be sent percent-encoded.
        scheme: ``http`` or ``https``.
        host: lower case, A-labels, without trailing dot; an IPv6 address without its brackets.
        port: the scheme's own where the text has none.
        target: path and query, as they stand on the request line.
    """

    text: str
    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The ``Host`` field: brackets around an IPv6 address, the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """What a connection belongs to: scheme, host, port."""
        return self.scheme, self.host, self.port

    @property
    def is_address(self) -> bool:
        """Whether the host is written as an address, so that nothing is looked up."""
        return ":" in self.host or _QUAD.fullmatch(self.host) is not None


def check_url(text: str, *, allowed: tuple[Network, ...] = ()) -> CheckedUrl | Refusal:
    """Whether a text may be requested at all.  Total: every ``str`` gives one of both.

    Args:
        text: the verbatim cell.
        allowed: ranges that pass on any port; with none, another port than 80 and 443 is refused here already.
    """
    trimmed = text.strip(_TRIMMED)
    try:
        size = len(trimmed.encode())
    except UnicodeEncodeError:
        return Refusal(reason="not valid Unicode")
    if size > MAX_URL_BYTES:
        return Refusal(reason="longer than 8,192 bytes")
    parts = _PARTS.match(trimmed)
    if parts is None:
        return Refusal(reason="neither http nor https")
    scheme, authority, rest = parts[1].lower(), parts[2], parts[3]
    named = _host_and_port(authority)
    if isinstance(named, Refusal):
        return named
    host, port = named[0], named[1] or _DEFAULT_PORTS[scheme]
    if port not in PORTS and not allowed:
        return Refusal(reason="port is not 80 or 443")
    target = _sendable(rest if rest.startswith("/") else "/" + rest)
    url = CheckedUrl(text="", scheme=scheme, host=host, port=port, target=target)
    if url.is_address:
        checked = check_addresses((host,), port=port, allowed=allowed)
        if isinstance(checked, Refusal):
            return checked
    shown = authority if authority.isascii() else url.authority
    return CheckedUrl(text=f"{parts[1]}://{shown}{_sendable(rest)}", scheme=scheme, host=host, port=port, target=target)


@lru_cache(maxsize=4_096)
def as_sent(text: str) -> str:
    """What two cells have in common that ask for the same: the text as it is sent, wherever that leads; what is never sent, verbatim.

    >>> as_sent(" http://a.example/b c#d"), as_sent("c:/b c")
    ('http://a.example/b%20c', 'c:/b c')
    """
    checked = check_url(text, allowed=_ANYWHERE)
    return checked.text if isinstance(checked, CheckedUrl) else text


def check_redirect(base: CheckedUrl, location: str, *, allowed: tuple[Network, ...] = ()) -> CheckedUrl | Refusal:
    """Where a redirect leads, judged like any other text; from https to http it is refused."""
    try:
        joined = urljoin(base.text, location.strip(_TRIMMED))
    except ValueError:  # brackets that do not close
        return Refusal(reason="not an address")
    checked = check_url(joined, allowed=allowed)
    if isinstance(checked, CheckedUrl) and base.scheme == "https" and checked.scheme == "http":
        return Refusal(reason="from https to http")
    return checked


def outcome_of(refusal: Refusal) -> FetchOutcome:
    """What a refusal before any request is called: of an address that is not public, or of a text that is no address."""
    of_address = refusal.reason.startswith("address is not public") or refusal.reason == "an address of one link"
    return FetchOutcome.ADDRESS_REFUSED if of_address else FetchOutcome.BAD_URL


def _sendable(rest: str) -> str:
    return _UNSENDABLE.sub(lambda found: "".join(f"%{octet:02X}" for octet in found[0].encode()), rest)


def _host_and_port(authority: str) -> tuple[str, int | None] | Refusal:
    if any(ord(character) <= 0x20 or 0x7F <= ord(character) <= 0x9F for character in authority):
        return Refusal(reason="control characters or spaces in the host")
    if "\\" in authority:
        return Refusal(reason="backslash in the host")
    if "@" in authority:
        return Refusal(reason="user info")
    if authority.startswith("["):
        inside, bracket, tail = authority[1:].partition("]")
        host: str | Refusal = _ipv6(inside) if bracket else Refusal(reason="brackets do not close")
    else:
        name, colon, digits = authority.partition(":")
        host, tail = _host(name), colon + digits
    port = _port(tail)
    if isinstance(host, Refusal):
        return host
    return port if isinstance(port, Refusal) else (host, port)


def _ipv6(inside: str) -> str | Refusal:
    if "%" in inside:
        return Refusal(reason="an address of one link")
    try:
        return str(IPv6Address(inside))
    except AddressValueError:
        return Refusal(reason="not an address in brackets")


def _port(tail: str) -> int | Refusal | None:
    if tail in ("", ":"):
        return None
    digits = tail[1:]
    if not (tail.startswith(":") and digits.isascii() and digits.isdigit() and len(digits) <= 5):
        return Refusal(reason="port is no number")
    return int(digits) if 1 <= int(digits) <= 65_535 else Refusal(reason="no such port")


def _host(name: str) -> str | Refusal:
    if len(name) > 254:
        return Refusal(reason="not a host name")
    lower = name.lower()
    if not name.isascii():
        try:
            lower = idna.encode(name, uts46=True, std3_rules=False, transitional=False).decode()
        except (idna.IDNAError, UnicodeError):
            return Refusal(reason="not a host name")
    host = lower.removesuffix(".")
    last = host.rpartition(".")[2]
    if _NUMBER.fullmatch(last):
        # 127.1, 2130706433, 0177.0.0.1, 0x7f.1: what a resolver makes of these differs from machine to machine
        if not _QUAD.fullmatch(name):
            return Refusal(reason="a number as host")
        try:
            return str(IPv4Address(host))
        except AddressValueError:
            return Refusal(reason="a number as host")
    if len(host) > 253 or not _LABELS.fullmatch(host):
        return Refusal(reason="not a host name")
    return host
