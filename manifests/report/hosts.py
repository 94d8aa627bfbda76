"""Where the listed addresses point: findings by platform, by domain and by host."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from manifests.report.markup import Markup, joined, tag, text, third_party
from manifests.texts.labels import label, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from manifests.words import Lang

MAX_HOSTS: Final = 40


def hosts_table(manifest: Mapping[str, Any], lang: Lang) -> Markup:
    """The roll-up of the listed addresses: by platform, by domain (what a published list of domains is laid beside), by host."""
    hosts = manifest["results"]["by_host"]
    if not hosts:
        return Markup("")
    platforms: Counter[str | None] = Counter()
    domains: Counter[tuple[str, str | None]] = Counter()
    for host in hosts:
        platforms[host["platform"]] += host["findings"]
        domains[host["domain"], host["platform"]] += host["findings"]
    of_domain = Counter((host["domain"], host["platform"]) for host in hosts)
    by_platform = [
        (name or label("platform_none", lang), number(count))
        for name, count in sorted(platforms.items(), key=lambda entry: (-entry[1], entry[0] or ""))
    ]
    by_domain = [
        (third_party(domain), name or "", number(of_domain[domain, name]), number(count))
        for (domain, name), count in sorted(domains.items(), key=lambda entry: (-entry[1], entry[0][0]))
    ]
    by_host = [
        (third_party(host["host"]), number(host["findings"]), number(host["works"]))
        for host in sorted(hosts, key=lambda host: (-host["findings"], host["host"]))
    ]
    return joined(
        tag("h3", label("hosts", lang)),
        _ranking("by_platform", ("platform", "host_findings"), by_platform, lang),
        _ranking("by_domain", ("domain", "platform", "domain_hosts", "host_findings"), by_domain, lang),
        _ranking("by_host", ("host", "host_findings", "host_works"), by_host, lang),
    )


def _ranking(code: str, columns: tuple[str, ...], rows: Sequence[Sequence[str | Markup]], lang: Lang) -> Markup:
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows[:MAX_HOSTS]]
    head = tag("tr", *(tag("th", label(column, lang)) for column in columns))
    table = tag("table", tag("thead", head), tag("tbody", *body))
    return joined(
        tag("h4", label(code, lang)), table, more_lines(max(0, len(rows) - MAX_HOSTS), "exports/domains.csv", lang)
    )


def more_lines(count: int, file: str, lang: Lang) -> Markup:
    """The line behind a list that was cut: how many follow, and in which file they stand."""
    return tag("p", text(label("more_lines", lang, n=count, file=file)), class_="note") if count else Markup("")
