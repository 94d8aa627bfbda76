"""Which addresses may be connected to: our own table of networks, pure.

``ipaddress.is_global`` alone is not enough: under Python 3.11 it lets multicast, 6to4, NAT64 and the metadata service of one cloud
pass, and its answers differ between versions.  The table holds the special-purpose registries of IANA (RFC 6890 and what was
registered since) whole, exceptions inside them included, because no picture is published there, and four additions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

PORTS: Final = frozenset({80, 443})
"""The ports a listed URL may name; others pass only inside an allowed network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an address or a text is not requested, in a few words without the address itself."""

    reason: str


REFUSED: Final[tuple[tuple[str, str], ...]] = (
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared by providers"),  # and the metadata service 100.100.100.200
    ("127.0.0.0/8", "loopback"),
    ("168.63.129.16/32", "metadata service"),  # a public address that every virtual machine of one cloud reaches inside
    ("169.254.0.0/16", "link-local"),  # and the metadata service 169.254.169.254
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),  # and the metadata service 192.0.0.192
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "AS112"),
    ("192.52.193.0/24", "multicast relays"),
    ("192.88.99.0/24", "6to4 relays"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "AS112"),
    ("198.18.0.0/15", "benchmarks"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("::/96", "IPv4-compatible"),  # the unspecified address and loopback among them
    ("64:ff9b:1::/48", "local translation"),
    ("100::/64", "discarded"),
    ("100:0:0:1::/64", "dummy prefix"),
    ("2001::/23", "protocol assignments"),  # Teredo, benchmarks, ORCHID among them
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("2620:4f:8000::/48", "AS112"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "unique local"),  # and the metadata service fd00:ec2::254
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
)

_TABLE: Final = tuple((ip_network(network), reason) for network, reason in REFUSED)
_PUBLIC_V6: Final = IPv6Network("2000::/3")  # the only part of IPv6 that is handed out to be routed
_WRAPPERS: Final = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))  # mapped; translated (RFC 6052)


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Address ranges in CIDR form.

    Raises:
        ValueError: one is no address range.
    """
    return tuple(ip_network(text) for text in texts)


def check_addresses(
    answers: Iterable[str], *, port: int, allowed: tuple[Network, ...] = ()
) -> tuple[str, ...] | Refusal:
    """The addresses that may be connected to, in the order of the answers; one refused answer refuses all.

    Args:
        answers: every address that the name resolved to, as text.
        port: that will be connected to.
        allowed: ranges that pass on any port (``--allow-network``).
    """
    known = tuple(dict.fromkeys(answers))
    for answer in known:
        refusal = _refusal(answer, port, allowed)
        if refusal is not None:
            return refusal
    return known or Refusal(reason="no address")


@lru_cache(maxsize=65_536)
def _refusal(text: str, port: int, allowed: tuple[Network, ...]) -> Refusal | None:
    try:
        address = ip_address(text)
    except ValueError:
        return Refusal(reason="not an address")
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return Refusal(reason="an address of one link")
    inner = unwrapped(address)
    if any(each.version == network.version and each in network for each in (address, inner) for network in allowed):
        return None
    for network, reason in _TABLE:
        if inner.version == network.version and inner in network:
            return Refusal(reason=f"address is not public ({reason})")
    if isinstance(inner, IPv6Address) and inner not in _PUBLIC_V6:
        return Refusal(reason="address is not public (not handed out)")
    return None if port in PORTS else Refusal(reason="port is not 80 or 443")


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside a mapped or translated one; others as they are.

    >>> unwrapped(IPv6Address("64:ff9b::a9fe:a9fe"))
    IPv4Address('169.254.169.254')
    """
    if isinstance(address, IPv6Address) and any(address in wrapper for wrapper in _WRAPPERS):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
