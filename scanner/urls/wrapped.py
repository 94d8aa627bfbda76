"""Proxies and thumbnailers: the address of the picture inside the address of a service that resizes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from scanner.urls.canonicalize import BadUrl, CanonicalUrl, canonicalize_url
from scanner.urls.sizes import IMAGE_END

if TYPE_CHECKING:
    from scanner.urls.keys import Crop

MAX_DEPTH: Final = 3
_PHOTON: Final = re.compile(r"i[0-9]\.wp\.com")
_IN_PATH: Final = re.compile(r"[/,]https?:/{1,2}(?=[^/])")
_ESCAPED_IN_PATH: Final = re.compile(r"[/,](https?%3A%2F%2F[^/]+)")
_PARAMETERS: Final = (
    "url", "src", "image", "img", "imgurl", "image_url", "imageurl", "img_url", "imgsrc", "mediaurl", "media", "source", "uri", "u",
    "fname",
)  # fmt: skip
_SCHEMELESS_PROXIES: Final = frozenset(
    {"images.weserv.nl", "wsrv.nl", "images.duckduckgo.com", "external-content.duckduckgo.com"}
)
_AMP_HOST: Final = "cdn.ampproject.org"
_AMP: Final = re.compile(r"^/ii?/(?:w[0-9]+/)?(?:s/)?(?=[^/]+\.[^/]+/.)")
_OWN_SCRIPT: Final = re.compile(r"/[^/]*(?:thumb|resize|image|img)[^/]*\.php$", re.IGNORECASE)
_OWN_PATH: Final = re.compile(r"^/cdn-cgi/image/[^/]*(?=/)")
_NEXT: Final = "/_next/image"


WRAPPING_HOSTS: Final = (*(f"i{number}.wp.com" for number in range(10)), *sorted(_SCHEMELESS_PROXIES), _AMP_HOST)
"""Hosts whose addresses, or those of their sub-domains, hold another address without its scheme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """What a wrapper shows: the address inside and whether the wrapper may cut the picture."""

    inner: CanonicalUrl
    crop: Crop


def unwrap(url: CanonicalUrl) -> Wrapped | None:
    """The address inside a proxy's address, one level deep; None where the URL is no wrapper.

    Forms: Photon (``i0.wp.com/<host>/<path>``), an absolute address in the path, in a known parameter or as the whole query, and
    resizers of a site's own paths (``/cdn-cgi/image/…/``, ``/_next/image?url=/…``, ``/timthumb.php?src=/…``), AMP's cache.
    """
    if _PHOTON.fullmatch(url.compare_host):
        return _photon(url)
    if url.host.endswith("." + _AMP_HOST) and (match := _AMP.match(url.path)) is not None:
        return _wrapped(f"https://{url.path[match.end() :]}" + ("" if url.query is None else f"?{url.query}"))
    return _in_path(url) or (None if url.query is None else _in_query(url, url.query)) or _own_path(url)


def _photon(url: CanonicalUrl) -> Wrapped | None:
    host, _, path = url.path[1:].partition("/")
    query = url.query or ""
    inner = canonicalize_url(f"https://{host}/{path}")
    if isinstance(inner, BadUrl) or "." not in host or not path:
        return None
    names = {part.partition("=")[0] for part in query.split("&")}
    return Wrapped(inner=inner, crop="yes" if names & {"resize", "crop"} else "no")


def _in_path(url: CanonicalUrl) -> Wrapped | None:
    if "http" not in url.path:
        return None
    match = _ESCAPED_IN_PATH.search(url.path)
    if match is not None:
        return _wrapped(unquote(match[1]))
    match = _IN_PATH.search(url.path)
    if match is None:
        return None
    scheme, _, rest = url.path[match.start() + 1 :].partition(":")
    query = "" if url.query is None else f"?{url.query}"
    return _wrapped(f"{scheme}://{rest.lstrip('/')}{query}")


def _in_query(url: CanonicalUrl, query: str) -> Wrapped | None:
    if query.startswith(("http://", "https://", "http%3A%2F%2F", "https%3A%2F%2F")):
        return _wrapped(unquote(query) if "%3A%2F%2F" in query[:14] else query)
    if (
        "http" not in query.lower()
        and "//" not in query
        and "%2F%2F" not in query
        and url.compare_host not in _SCHEMELESS_PROXIES
    ):
        return None
    values: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        values.setdefault(name.lower(), value)
    for name in _PARAMETERS:
        value = values.get(name, "")
        if "%" in value:
            value = unquote(value)
        if url.compare_host in _SCHEMELESS_PROXIES and name in {"url", "u"} and value:
            return _wrapped("https://" + re.sub(r"^(?:ssl:|https?://|//)", "", value))
        if value.startswith(("http://", "https://", "//")):
            inner = canonicalize_url(value)
            if not isinstance(inner, BadUrl) and IMAGE_END.search(inner.path):
                return Wrapped(inner=inner, crop="maybe")
    return None


def _own_path(url: CanonicalUrl) -> Wrapped | None:
    match = _OWN_PATH.match(url.path)
    if match is not None:
        rest = url.path[match.end() :]
        return _wrapped(f"{url.scheme}://{url.host}{rest}" + ("" if url.query is None else f"?{url.query}"))
    named = "url" if url.path == _NEXT else "src" if _OWN_SCRIPT.search(url.path) else None
    if named is not None and url.query is not None:
        for part in url.query.split("&"):
            name, _, value = part.partition("=")
            path = unquote(value)
            if name == named and path.startswith("/") and not path.startswith("//"):
                return _wrapped(f"{url.scheme}://{url.host}{path}")
    return None


def _wrapped(text: str) -> Wrapped | None:
    inner = canonicalize_url(text)
    if isinstance(inner, BadUrl) or "." not in inner.host or inner.path == "/":
        return None
    return Wrapped(inner=inner, crop="maybe")
