"""Profiles: where a user's name stands in a URL of a shared platform.

User names are compared case-folded and as whole segments.  Most image CDNs carry no user name at all (ArtStation, Pinterest, pixiv,
Etsy): for them a profile finds nothing, and ``has_user_names`` says so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from scanner.urls.platforms import PINTEREST_HOSTS

if TYPE_CHECKING:
    from scanner.urls.canonicalize import CanonicalUrl

ProfileKey = tuple[str, str]
"""Platform and case-folded user name, or ``("site", host/path/)`` for a page on any other host."""

# name.<suffix>: the label before the suffix is the user.
_LABELS: Final[dict[str, str]] = {
    "deviantart.com": "deviantart",
    "artstation.com": "artstation",
    "tumblr.com": "tumblr",
    "blogspot.com": "blogger",
    "files.wordpress.com": "wordpress",
    "wordpress.com": "wordpress",
    "smugmug.com": "smugmug",
    "photoshelter.com": "photoshelter",
    "github.io": "github",
    "myshopify.com": "shopify",
    "lofter.com": "lofter",
    "weebly.com": "weebly",
    "wixsite.com": "wix",
    "newgrounds.com": "newgrounds",
    "fanbox.cc": "pixiv_fanbox",
    "livejournal.com": "livejournal",
    "carbonmade.com": "carbonmade",
    "squarespace.com": "squarespace",
    "bigcartel.com": "bigcartel",
    "cargocollective.com": "cargo",
    "bandcamp.com": "bandcamp",
    "pixels.com": "fineartamerica",
    "redbubble.com": "redbubble",
    "threadless.com": "threadless",
    "medium.com": "medium",
    "gumroad.com": "gumroad",
    "cargo.site": "cargo",
    "carrd.co": "carrd",
    "myportfolio.com": "myportfolio",
    "booth.pm": "booth",
    "zcool.com.cn": "zcool",
    "zenfolio.com": "zenfolio",
    "typepad.com": "typepad",
}
_NOT_USERS: Final = re.compile(
    r"(?:www|m|mobile|old|new|static|assets|cdn[a-z]?|img|images?|i|media|api|help|support|about|blog|shop|store|fonts|js|css|secure|backend"
    r"|th|t|orig|pre|fc|sta|st)?[0-9]*"
)
_NAME: Final = r"([^/?#]+)"
# host -> platform and the forms of the path; the group is the user's name or number.
_PATHS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "deviantart.com": ("deviantart", (rf"/{_NAME}",)),
    "artstation.com": ("artstation", (rf"/artist/{_NAME}", rf"/{_NAME}")),
    "behance.net": ("behance", (rf"/{_NAME}",)),
    "flickr.com": ("flickr", (rf"/(?:photos|people)/{_NAME}",)),
    "instagram.com": ("instagram", (rf"/{_NAME}",)),
    "twitter.com": ("twitter", (rf"/@?{_NAME}",)),
    "x.com": ("twitter", (rf"/@?{_NAME}",)),
    "pixiv.net": ("pixiv", (r"/(?:[a-z]{2}/)?users/([0-9]+)", r"/member(?:_illust)?\.php\?id=([0-9]+)")),
    "weibo.com": ("weibo", (rf"/u/{_NAME}", rf"/{_NAME}")),
    "xiaohongshu.com": ("xiaohongshu", (rf"/user/profile/{_NAME}",)),
    **dict.fromkeys(PINTEREST_HOSTS, ("pinterest", (rf"/{_NAME}",))),
    "redbubble.com": ("redbubble", (rf"/(?:[a-z]{{2}}/)?people/{_NAME}",)),
    "society6.com": ("society6", (rf"/artist/{_NAME}", rf"/{_NAME}")),
    "etsy.com": ("etsy", (rf"/(?:[a-z]{{2}}(?:-[a-z]{{2}})?/)?shop/{_NAME}",)),
    "fineartamerica.com": ("fineartamerica", (r"/profiles/([^/?#]+?)(?:\.html)?(?=[/?]|$)",)),
    "pixels.com": ("fineartamerica", (r"/profiles/([^/?#]+?)(?:\.html)?(?=[/?]|$)",)),
    "youtube.com": ("youtube", (rf"/@{_NAME}", rf"/(?:user|c|channel)/{_NAME}")),
    "facebook.com": ("facebook", (r"/profile\.php\?id=([0-9]+)", rf"/(?:people|pages)/[^/?#]+/{_NAME}", rf"/{_NAME}")),
    "500px.com": ("500px", (rf"/p/{_NAME}", rf"/{_NAME}")),
    "furaffinity.net": ("furaffinity", (rf"/(?:user|gallery)/{_NAME}", rf"/art/{_NAME}")),
    "facdn.net": ("furaffinity", (rf"/art/{_NAME}",)),
    "patreon.com": ("patreon", (rf"/cw?/{_NAME}", rf"/{_NAME}")),
    "space.bilibili.com": ("bilibili", (r"/([0-9]+)",)),
    "medium.com": ("medium", (rf"/@{_NAME}",)),
    "vk.com": ("vk", (rf"/{_NAME}",)),
    "tumblr.com": ("tumblr", (rf"/(?:blog/(?:view/)?)?{_NAME}",)),
    "imgur.com": ("imgur", (rf"/user/{_NAME}",)),
    "github.com": ("github", (rf"/{_NAME}",)),
    "raw.githubusercontent.com": ("github", (rf"/{_NAME}",)),
    "reddit.com": ("reddit", (rf"/(?:u|user)/{_NAME}",)),
    "unsplash.com": ("unsplash", (rf"/@{_NAME}",)),
    "saatchiart.com": ("saatchiart", (rf"/(?:account/profile/)?{_NAME}",)),
    "lofter.com": ("lofter", (rf"/{_NAME}",)),
    "ic.pics.livejournal.com": ("livejournal", (rf"/{_NAME}",)),
    "ameblo.jp": ("ameba", (rf"/{_NAME}",)),
    "stat.ameba.jp": ("ameba", (rf"/user_images/[0-9]{{8}}/[0-9]{{2}}/{_NAME}",)),
    "f.hatena.ne.jp": ("hatena", (rf"/{_NAME}",)),
    "cdn-ak.f.st-hatena.com": ("hatena", (rf"/images/fotolife/[^/]/{_NAME}",)),
    "newgrounds.com": ("newgrounds", ()),
    "dribbble.com": ("dribbble", (rf"/{_NAME}",)),
    "inprnt.com": ("inprnt", (rf"/gallery/{_NAME}",)),
    "vsco.co": ("vsco", (rf"/{_NAME}",)),
    "ello.co": ("ello", (rf"/{_NAME}",)),
    "zcool.com.cn": ("zcool", (rf"/u/{_NAME}",)),
    "huaban.com": ("huaban", (rf"/user/{_NAME}",)),
    "ko-fi.com": ("kofi", (rf"/{_NAME}",)),
    "gumroad.com": ("gumroad", (rf"/{_NAME}",)),
    "displate.com": ("displate", (rf"/{_NAME}",)),
    "teepublic.com": ("teepublic", (rf"/user/{_NAME}",)),
    "cargocollective.com": ("cargo", (rf"/{_NAME}",)),
    "coroflot.com": ("coroflot", (rf"/{_NAME}",)),
    "artsy.net": ("artsy", (rf"/artist/{_NAME}",)),
    "pixabay.com": ("pixabay", (rf"/(?:[a-z]{{2}}/)?users/{_NAME}",)),
    "pexels.com": ("pexels", (rf"/@{_NAME}",)),
    "zhihu.com": ("zhihu", (rf"/people/{_NAME}",)),
    "douban.com": ("douban", (rf"/people/{_NAME}",)),
    "blog.naver.com": ("naver", (rf"/{_NAME}",)),
    "wallhaven.cc": ("wallhaven", (rf"/user/{_NAME}",)),
    "shutterstock.com": ("shutterstock", (rf"/(?:[a-z]{{2}}/)?g/{_NAME}",)),
    "stock.adobe.com": ("adobe_stock", (r"/(?:[a-z]{2}/)?contributor/([0-9]+)",)),
    "dreamstime.com": ("dreamstime", (r"/([^/?#]+)_info(?=$|[/?])",)),
    "ngfiles.com": ("newgrounds", (rf"/images/[0-9]+/[0-9]+_{_NAME}_[^/]*$",)),
}
_FORMS: Final = {
    host: (platform, tuple(re.compile(form + r"(?=[/?#]|$)" if form.endswith(")") else form) for form in forms))
    for host, (platform, forms) in _PATHS.items()
}
_RESERVED: Final = frozenset(
    "about account accounts ads api app art artist artwork artworks assets blog browse business c careers category channel collection "
    "collections contact cookies discover editorial en events explore faq favicon.ico feed follow gallery groups hashtag help home i "
    "images img intent jobs join learning legal library login logout marketplace media messages news notifications p people photo "
    "pages people photos pin places policies popular post posts press print prints privacy profile profile.php projects public r reel "
    "reels register rss s "
    "search settings share shop signin signup site static stories store submit t tag tagged tags terms tos trending tv u user users "
    "v view video videos watch web wp-content".split()
)
# name_by_user-d1abcde.jpg on deviantart.net, name_by_user_d1abcde-fullview.jpg on wixmp.com; a hyphen of the name is "_" there.
_BY_USER: Final = re.compile(r"_by_([a-z0-9_-]{1,64}?)[-_]d[a-z0-9]{5,7}(?=[-.])")
_BY_USER_HOSTS: Final = ("deviantart.net", "deviantart.com", "wixmp.com")  # with their sub-domains


def profile_keys(url: CanonicalUrl) -> tuple[ProfileKey, ...]:
    """The profiles that a URL shows by its host label, its path or its file name; mostly none."""
    keys: list[ProfileKey] = []
    host = url.compare_host
    labels = host.split(".")
    for count in range(2, min(len(labels), 4)):
        platform = _LABELS.get(".".join(labels[-count:]))
        label = labels[-count - 1]
        if platform is not None and len(labels) == count + 1 and not _NOT_USERS.fullmatch(label):
            keys.append((platform, label))
    keys.extend(_by_path(host, url))
    if f".{host}".endswith(tuple(f".{domain}" for domain in _BY_USER_HOSTS)):
        match = _BY_USER.search(url.path.rpartition("/")[2].lower()) or _BY_USER.search(url.path.lower())
        if match:
            keys.append(("deviantart", _deviantart_name(match[1])))
    return tuple(dict.fromkeys(keys))


def _by_path(host: str, url: CanonicalUrl) -> list[ProfileKey]:
    platform, forms = _FORMS.get(host.removeprefix("m."), ("", ()))
    rest = url.path if url.query is None else f"{url.path}?{url.query}"
    for form in forms:
        match = form.match(rest)
        if match:
            name = match[1].casefold()
            if name not in _RESERVED:
                return [(platform, _deviantart_name(name) if platform == "deviantart" else name)]
    return []


def _deviantart_name(name: str) -> str:
    return name.replace("_", "-")


def is_host_of_one(url: CanonicalUrl) -> bool:
    """Whether the profile is the host itself (``name.tumblr.com``), so that nobody else's pictures lie under it."""
    return any(url.compare_host.endswith("." + suffix) for suffix in _LABELS)


def has_user_names(platform: str) -> bool:
    """Whether picture addresses of this platform carry the user's name anywhere; where not, a profile finds nothing in rows."""
    return platform in _WITH_USER_NAMES


_WITH_USER_NAMES: Final = frozenset(
    {
        "deviantart",
        "wordpress",
        "smugmug",
        "photoshelter",
        "github",
        "furaffinity",
        "newgrounds",
        "livejournal",
        "ameba",
        "carrd",
        "hatena",
        "squarespace",
        "typepad",
        "zenfolio",
        "site",
    }
)


def label_hosts(key: ProfileKey) -> tuple[str, ...]:
    """The hosts that belong to one profile: ``name.tumblr.com``."""
    platform, name = key
    return tuple(f"{name}.{suffix}" for suffix, owner in _LABELS.items() if owner == platform)


def path_hosts(platform: str) -> tuple[str, ...]:
    """The hosts whose paths carry user names of this platform."""
    return tuple(host for host, (owner, _) in _FORMS.items() if owner == platform)


def file_name_hosts(platform: str) -> tuple[str, ...]:
    """The domains where user names of this platform stand in file names."""
    return _BY_USER_HOSTS if platform == "deviantart" else ()
