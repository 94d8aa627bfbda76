"""The rule table: URL forms by host.  A rule is a value; a new service is a few lines in one of the tables.

The facts come from observation of real rows and from the documented shapes of qsniyg/maxurl (Apache-2.0) and mikf/gallery-dl; no code
of theirs is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scanner.urls.families.art import ART
from scanner.urls.families.shops import SHOPS
from scanner.urls.families.social import SOCIAL
from scanner.urls.families.stock import STOCK
from scanner.urls.hosts import parent_domains

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.urls.families.rule import Rule

RULES: Final[tuple[Rule, ...]] = (*ART, *SOCIAL, *STOCK, *SHOPS)
"""All rules of services with their own hosts; the first that fits a URL gives its key."""

_BY_HOST: Final[dict[str, list[Rule]]] = {}
for _rule in RULES:
    for _host in _rule.hosts:
        _BY_HOST.setdefault(_host, []).append(_rule)


def rules_for(host: str) -> Iterator[Rule]:
    """The rules of a host and of its parent domains, nearest first, in table order."""
    for domain in parent_domains(host):
        yield from _BY_HOST.get(domain, ())
