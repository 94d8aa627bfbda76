"""``exports/domains.csv``: the hosts of the listed URLs, with the number of findings and works of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from manifests.exports.cells import escape
from manifests.exports.evidence_csv import BYTE_ORDER_MARK, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

HEADER: Final = ("host", "domain", "platform", "findings", "works")


def domains_csv(manifest: Mapping[str, Any]) -> bytes:
    """The table ``results.by_host`` of the Manifest, in its order; cells as in ``evidence.csv``."""
    lines = [
        quoted(
            [
                escape(entry["host"]).text,
                escape(entry["domain"]).text,
                escape(entry["platform"] or "").text,
                str(entry["findings"]),
                str(entry["works"]),
            ]
        )
        for entry in manifest["results"]["by_host"]
    ]
    return BYTE_ORDER_MARK + quoted(HEADER) + b"".join(lines)
