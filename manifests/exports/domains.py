"""``exports/domains.csv``: the hosts of the listed URLs, with the number of findings and works of each.

Each line also says how many findings its whole domain and its whole platform have, so that one column suffices to lay the table beside a
published list of domains.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from manifests.exports.cells import escape
from manifests.exports.evidence_csv import BYTE_ORDER_MARK, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

HEADER: Final = ("host", "domain", "platform", "findings", "works", "domain_findings", "platform_findings")


# How many of these columns each edition of the table has, oldest first: packages of an earlier version stay as they were sealed.
EDITIONS: Final = (5, len(HEADER))


def domains_csv(manifest: Mapping[str, Any], *, columns: int = len(HEADER)) -> bytes:
    """The table ``results.by_host`` of the Manifest, in its order; cells as in ``evidence.csv``.

    ``columns``: of an earlier edition of the table, one of ``EDITIONS``.
    """
    hosts = manifest["results"]["by_host"]
    domains: Counter[str] = Counter()
    platforms: Counter[str] = Counter()
    for entry in hosts:
        domains[entry["domain"]] += entry["findings"]
        platforms[entry["platform"] or ""] += entry["findings"]
    lines = [
        quoted(
            [
                escape(entry["host"]).text,
                escape(entry["domain"]).text,
                escape(entry["platform"] or "").text,
                str(entry["findings"]),
                str(entry["works"]),
                str(domains[entry["domain"]]),
                str(platforms[entry["platform"]]) if entry["platform"] else "",
            ][:columns]
        )
        for entry in hosts
    ]
    return BYTE_ORDER_MARK + quoted(HEADER[:columns]) + b"".join(lines)
