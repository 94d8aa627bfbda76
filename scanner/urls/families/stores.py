"""Site builders and media servers: the same path at another size.  Keys are paths, scoped to their host."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from scanner.urls.families.cloudinary import cloudinary
from scanner.urls.keys import AssetKey, Crop, declared_side, more_cropped
from scanner.urls.sizes import IMAGE_END, without_size, without_stem_size

if TYPE_CHECKING:
    from scanner.urls.canonicalize import CanonicalUrl

_GOOGLE_HOSTS: Final = (".bp.blogspot.com", ".googleusercontent.com", ".ggpht.com", "blogger.googleusercontent.com")
_GOOGLE_MARKS: Final = r"(?:-[a-z]+[0-9]*(?:x[0-9a-f]{8})?)*"  # -c, -h480, -c0x00ffffff
_GOOGLE_SEGMENT: Final = re.compile(rf"(?:[swh][0-9]{{1,5}}|d){_GOOGLE_MARKS}")
_GOOGLE_TAIL: Final = re.compile(rf"=(?:[swh][0-9]{{1,5}}|d|rw|no){_GOOGLE_MARKS}$")
_WORDPRESS_STEM: Final = re.compile(r"(?:-[0-9]{2,5}x[0-9]{2,5}|-scaled|-rotated|-e[0-9]{13})(?:@[23]x)?$")
_SHOPIFY_STEM: Final = re.compile(
    r"_(?P<size>[0-9]{1,5}x[0-9]{0,5}|x[0-9]{1,5}|pico|icon|thumb|small|compact|medium|large|grande|original|master)"
    r"(?P<crop>_crop_[a-z]+)?(?:@[23]x)?(?:\.progressive)?$"
)
_SHOPIFY_TWIN: Final = re.compile(r"(?<=\.progressive)(\.(?:png|gif|jpe?g))\.(?:jpg|webp)$")
_MEDIAWIKI: Final = re.compile(
    r"^(?P<before>.*)/thumb/(?P<file>[0-9a-f]/[0-9a-f]{2}/[^/]+)/(?:[^/]*-)?[0-9]{1,5}px-[^/]*$"
)
_WIKI_FILE: Final = re.compile(r"/([0-9a-f])/\1[0-9a-f]/[^/]+$")  # the folders begin the MD5 of the name
_WIKIA_HOST: Final = "wikia.nocookie.net"
_WIKIA_STAMP: Final = re.compile(r"^/__cb[0-9]+(?=/)")
_WIKIA: Final = re.compile(r"^(?P<file>.*/images/[0-9a-f]/[0-9a-f]{2}/[^/]+)/revision/[^?]*$")
_MAGENTO: Final = re.compile(r"/cache(?:/[^/]+){0,5}?/[0-9a-f]{32}(?=/)")
_OPENCART: Final = re.compile(r"/image/cache/(?:data/|catalog/)?(?=.)")
_STENCIL: Final = re.compile(r"/images/stencil/[^/]+(?=/)")
_STENCIL_STAMP: Final = re.compile(r"\.[0-9]{9,11}(?:\.[0-9]+\.[0-9]+)?$")
_AMAZON_HOSTS: Final = (
    ".media-amazon.com",
    ".images-amazon.com",
    ".ssl-images-amazon.com",
    ".gr-assets.com",
    ".media-imdb.com",
)
_AMAZON_MARKS: Final = re.compile(r"\._[A-Za-z0-9_,-]{1,80}_(?=\.[a-z]{3,4}$)")
_FOLDERS: Final = (
    ("drupal/1", re.compile(r"/files/styles/[^/]+/(?:public|private|s3)/"), "/files/"),
    ("ghost/1", re.compile(r"/content/images/size/w[0-9]+(?:h[0-9]+)?/(?:format/[a-z]+/)?"), "/content/images/"),
    ("imagekit/1", re.compile(r"/tr:[a-z]{1,3}-[^/]+(?=/)"), ""),
    ("weebly/1", re.compile(r"^(/uploads/(?:[0-9]/){4}[0-9]+/)(?:published/|editor/)(?=[^/]+$)"), r"\1"),
    ("weebly/1", re.compile(r"^(/uploads/(?:[0-9]/){4}[0-9]+/[^/]+)_orig(?=\.[A-Za-z]+$)"), r"\1"),
    (
        "discourse/1",
        re.compile(r"/optimized/([0-9]X/(?:[0-9a-f]/){0,3}[0-9a-f]{40})_[0-9]+_[0-9]+x[0-9]+(?=\.[a-z]+$)"),
        r"/original/\1",
    ),
)
"""What site builders put into the path of a smaller copy: rule, form, what stands there in the path of the file itself."""
_ALI_TAIL: Final = re.compile(
    r"(?P<ext>\.(?:jpg|jpeg|png|gif))_[^/]*$|\.[0-9]+x[0-9]+(?P<ext2>\.(?:jpg|jpeg|png|gif))$", re.IGNORECASE
)
_IIIF: Final = re.compile(
    r"^(?P<id>.*/[^/]+)/(?P<region>full|square|(?:pct:)?[0-9.]+(?:,[0-9.]+){3})/(?P<size>\^?(?:full|max|!?[0-9]*,[0-9]*|pct:[0-9.]+))"
    r"/!?[0-9.]+/(?:default|native|color|gray|bitonal)(?:\.[a-z0-9]+)?$"
)
_STYLE: Final = re.compile(
    r"(?<=\.jpg|\.png|\.gif|jpeg|webp)(?:(?:!|%21|@)[^/]*|(?:;(?:u|s|q|w|h|quality|width|height|maxwidth|maxheight|mode)=[0-9A-Za-z.-]+)+)$",
    re.IGNORECASE,
)
"""What object stores and shops put behind the file's extension: ``fox.jpg!w300``, ``fox.jpg@300w_1e.jpg``, ``fox.jpeg;maxwidth=510``."""
_RETINA: Final = re.compile(r"@[23]x(?=\.[A-Za-z]+$)")
_WEBP_TWIN: Final = re.compile(r"(?<=\.(?:jpg|png|gif))\.(?:webp|avif)$|(?<=\.jpeg)\.(?:webp|avif)$", re.IGNORECASE)

MIRRORED: Final = {"res.cloudinary.com": "cloudinary.com", "cdn.shopify.com": "shopify.com"}
"""Scopes that several numbered hosts share, and the domain these hosts lie under."""
_MIRROR: Final = re.compile(r"res-[0-9]\.cloudinary\.com|cdn[0-9]?\.shopify\.com")

StoreRule = Callable[["CanonicalUrl"], AssetKey | None]


def scope_of(url: CanonicalUrl) -> str:
    """The host where a path means something; the first of several that serve the same files under numbered names."""
    host = url.compare_host
    if _MIRROR.fullmatch(host) is None:
        return host
    return "res.cloudinary.com" if host.startswith("res") else "cdn.shopify.com"


def _path_key(
    url: CanonicalUrl, family: str, path: str, *, crop: Crop = "no", sides: tuple[int | None, int | None] = (None, None)
) -> AssetKey:
    """A path key: the changed path, the query without its size parameters, the stronger crop flag."""
    sized = without_size(path, url.query)
    return AssetKey(
        family=family,
        scope=scope_of(url) if url.port is None else f"{url.compare_host}:{url.port}",
        key=path if sized.kept is None else f"{path}?{sized.kept}",
        strength="path",
        declared_w=sides[0] if sides[0] is not None else sized.width,
        declared_h=sides[1] if sides[1] is not None else sized.height,
        crop=more_cropped(crop, sized.crop),
        rule=f"{family}/1",
        revision=sized.revision,
    )


def google(url: CanonicalUrl) -> AssetKey | None:
    """Blogger and Google's picture hosts: ``/s1600-c/`` before the file name, ``=w640-h480`` behind the token."""
    if not ("." + url.host).endswith(_GOOGLE_HOSTS) or url.path.startswith("/proxy/"):
        return None
    path = _GOOGLE_TAIL.sub("", url.path)
    segments = path.split("/")
    marks = url.path[len(path) :]
    if len(segments) > 3 and _GOOGLE_SEGMENT.fullmatch(segments[-2]):
        marks += "-" + segments.pop(-2)
    words = set(re.split("[-=]", marks))
    crop: Crop = "yes" if words & {"c", "cc", "n"} else "maybe" if "p" in words else "no"
    sides = {word[0]: word[1:] for word in sorted(words) if re.fullmatch("[swh][0-9]+", word)}
    found = _path_key(url, "google", "/".join(segments), crop=crop)
    width, height = declared_side(sides.get("w", sides.get("s"))), declared_side(sides.get("h"))
    return replace(found, scope="", declared_w=width, declared_h=height)


def wordpress(url: CanonicalUrl) -> AssetKey | None:
    """``/wp-content/uploads/…/name-300x200.jpg``: sizes, ``-scaled``, ``-rotated`` and edit stamps go; ``-1``, ``-2`` are other uploads."""
    if "/wp-content/uploads/" not in url.path and not url.host.endswith(".files.wordpress.com"):
        return None
    path = _WEBP_TWIN.sub("", url.path)
    _, width, height, _ = without_stem_size(path)
    end = IMAGE_END.search(path)
    if end is None:
        return _path_key(url, "wordpress", path)
    stem = path[: end.start()]
    sized = False
    match = _WORDPRESS_STEM.search(stem)
    while match is not None and match.start() > 0 and stem[match.start() - 1] != "/":
        sized = sized or "x" in match[0]
        stem = stem[: match.start()]
        match = _WORDPRESS_STEM.search(stem)
    return _path_key(url, "wordpress", stem + end[0], crop="maybe" if sized else "no", sides=(width, height))


def shopify(url: CanonicalUrl) -> AssetKey | None:
    """``name_480x480_crop_center@2x.progressive.jpg?v=…`` on the shared host or under a shop's own ``/cdn/shop/``."""
    if scope_of(url) != "cdn.shopify.com" and not url.path.startswith("/cdn/shop/"):
        return None
    path = _SHOPIFY_TWIN.sub(r"\1", url.path)
    end = IMAGE_END.search(path)
    stem = path if end is None else path[: end.start()]
    match = _SHOPIFY_STEM.search(stem)
    if end is None or match is None or match.start() == 0 or stem[match.start() - 1] == "/":
        return _path_key(url, "shopify", path)
    size = match["size"]
    width, _, height = size.partition("x") if size[:1].isdigit() or size[1:].isdigit() else ("", "", "")
    crop: Crop = "yes" if match["crop"] else "no" if size[-1] == "x" or size[0] == "x" else "maybe"
    sides = (declared_side(width or None), declared_side(height or None))
    return _path_key(url, "shopify", stem[: match.start()] + end[0], crop=crop, sides=sides)


def mediawiki(url: CanonicalUrl) -> AssetKey | None:
    """``/thumb/a/ab/F.jpg/512px-F.jpg`` is ``/a/ab/F.jpg``; Fandom says ``/revision/latest/scale-to-width-down/300``."""
    at_wikia = url.compare_host.endswith("." + _WIKIA_HOST)
    path = _WIKIA_STAMP.sub("", url.path) if at_wikia else url.path
    crop: Crop = "no"
    match = _MEDIAWIKI.match(path)
    if match is not None:
        path = f"{match['before']}/{match['file']}"
    elif (match := _WIKIA.match(path)) is not None:
        crop = "yes" if re.search("crop|smart", path[match.end("file") :]) else "no"
        path = match["file"]
    elif not (_WIKI_FILE.search(path) and ("wiki" in url.host or "/images/" in path)):
        return None
    found = _path_key(url, "mediawiki", path, crop=crop)
    return replace(found, scope=_WIKIA_HOST) if at_wikia else found


def shop_software(url: CanonicalUrl) -> AssetKey | None:
    """Magento, OpenCart and BigCommerce's stencil: a cache folder in the path."""
    if "/cache/" in url.path:
        path, found = _MAGENTO.subn("", url.path, count=1)
        if found:
            return _path_key(url, "magento", path, crop="maybe")
        path, found = _OPENCART.subn("/image/", url.path, count=1)
        if found:
            path, width, height, _ = without_stem_size(path)
            return _path_key(url, "opencart", path, crop="maybe", sides=(width, height))
    if "/image/data/" in url.path or "/image/catalog/" in url.path:
        return _path_key(url, "opencart", re.sub("/image/(?:data|catalog)/", "/image/", url.path, count=1))
    if "/media/catalog/product/" in url.path:
        return _path_key(url, "magento", url.path)
    if "/images/stencil/" in url.path:
        end = IMAGE_END.search(url.path)
        path = _STENCIL.sub("", url.path, count=1)
        if end is not None:
            path = _STENCIL_STAMP.sub("", path[: -len(end[0])]) + end[0]
        return _path_key(url, "stencil", path, crop="maybe")
    return None


def amazon(url: CanonicalUrl) -> AssetKey | None:
    """``name._SX318_QL80_.jpg`` on Amazon's hosts where the picture has no number of its own: the path without the marks."""
    if not f".{url.host}".endswith(_AMAZON_HOSTS):
        return None
    path, found = _AMAZON_MARKS.subn("", url.path)
    if not found:
        return _path_key(url, "amazon_path", path)
    cut = re.search(r"[._,](?:CR|SR|SS|UL)[0-9]", url.path[len(path) - 8 :])
    return _path_key(url, "amazon_path", path, crop="yes" if cut else "maybe")


def alibaba(url: CanonicalUrl) -> AssetKey | None:
    """``name.jpg_220x220.jpg`` and ``name.220x220.jpg`` on Alibaba's hosts."""
    if not ("." + url.host).endswith((".alicdn.com", ".aliimg.com", ".tbcdn.cn")):
        return None
    match = _ALI_TAIL.search(url.path)
    if match is None:
        return _path_key(url, "alibaba", url.path)
    return _path_key(url, "alibaba", url.path[: match.start()] + (match["ext"] or match["ext2"]), crop="maybe")


def scene7(url: CanonicalUrl) -> AssetKey | None:
    """Scene7: ``/is/image/Company/name?wid=&hei=&$preset$``; layers from other pictures (``src=``) stay in the key."""
    if "/is/image/" not in url.path:
        return None
    kept = [
        part
        for part in (url.query or "").split("&")
        if part.startswith(("src=", "layer=")) and part not in {"layer=0", "layer=comp"}
    ]
    named = url.path.rpartition("/")[2]
    path = url.path
    match = re.search(r"-[0-9]{2,4}x[0-9]{2,4}$", named)
    if match is not None and match.start() > 0:
        path = path[: -len(match[0])]
    key = path if not kept else f"{path}?{'&'.join(kept)}"
    sides = dict(part.partition("=")[::2] for part in (url.query or "").split("&"))
    return AssetKey(
        family="scene7",
        scope=url.compare_host,
        key=key,
        strength="path",
        declared_w=declared_side(sides.get("wid")),
        declared_h=declared_side(sides.get("hei")),
        crop="maybe" if url.query or match else "no",
        rule="scene7/1",
    )


def iiif(url: CanonicalUrl) -> AssetKey | None:
    """The IIIF Image API: ``{id}/{region}/{size}/{rotation}/{quality}.{format}``; a region is a crop."""
    match = _IIIF.match(url.path)
    if match is None:
        return None
    crop: Crop = "no" if match["region"] == "full" else "yes"
    width, _, height = match["size"].lstrip("^!").partition(",")
    return _path_key(url, "iiif", match["id"], crop=crop, sides=(declared_side(width), declared_side(height or None)))


def generic(url: CanonicalUrl) -> AssetKey:
    """Everything else: the canonical form without size parameters, ``-WxH`` before the extension, a store's or site builder's mark."""
    path, rule = _STYLE.sub("", url.path), "generic/1"
    for name, pattern, file in _FOLDERS:
        path, found = pattern.subn(file, path, count=1)
        rule = name if found else rule
    cut = path != url.path
    path, width, height, sized = without_stem_size(_RETINA.sub("", _WEBP_TWIN.sub("", path)))
    found_key = _path_key(url, "generic", path, crop="maybe" if sized or cut else "no", sides=(width, height))
    return replace(found_key, rule=rule)


STORE_RULES: Final[tuple[StoreRule, ...]] = (
    google,
    wordpress,
    shopify,
    cloudinary,
    mediawiki,
    shop_software,
    amazon,
    alibaba,
    scene7,
    iiif,
)
"""Tried in this order before ``generic``."""
