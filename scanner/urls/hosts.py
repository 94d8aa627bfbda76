"""Hosts: what stands in a URL, the domain somebody registered, the platform that serves it.

The public suffix list is the snapshot inside the ``publicsuffixlist`` package (both sections: a name under ``blogspot.com`` is a
site of its own); nothing is fetched, and the package's version is in the package's environment record.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from scanner.urls.canonicalize import BadUrl, CanonicalUrl, canonicalize_url, without_www
from scanner.urls.platforms import PLATFORM_HOSTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from publicsuffixlist import PublicSuffixList


def host_of(url: str | CanonicalUrl | BadUrl | None) -> str | None:
    """The host of a URL in canonical form without ``www.``; None where the URL has no canonical form."""
    canonical = canonicalize_url(url) if url is None or isinstance(url, str) else url
    return None if isinstance(canonical, BadUrl) else canonical.compare_host


def registrable_domain(host: str) -> str:
    """The public suffix and one label before it: ``i.example.co.uk`` gives ``example.co.uk``, ``a.b.blogspot.com`` ``b.blogspot.com``.

    An IP address, a public suffix itself and a single label are returned as they are.
    """
    if _is_address(host):
        return host
    return _suffixes().privatesuffix(host) or host


def is_public_suffix(host: str) -> bool:
    """Whether names below ``host`` belong to different people by the public suffix list (``co.uk``, ``github.io``)."""
    return not _is_address(host) and bool(_suffixes().is_public(host))


def platform_of(host: str) -> str | None:
    """The platform that serves this host (``deviantart``, ``pinterest``), or None for a site of its own."""
    for suffix in parent_domains(without_www(host)):
        platform = PLATFORM_HOSTS.get(suffix)
        if platform is not None:
            return platform
    return None


def parent_domains(host: str) -> Iterator[str]:
    """The host itself, then each parent on label boundaries: ``a.b.c``, ``b.c``, ``c``."""
    while host:
        yield host
        host = host.partition(".")[2]


def _is_address(host: str) -> bool:
    return host.startswith("[") or host.replace(".", "").isdigit()


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - 35 ms to parse, only where a domain is asked for

    return PublicSuffixList()
