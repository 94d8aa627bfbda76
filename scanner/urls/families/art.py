"""Art platforms and picture boards: a work's number or digest in the path."""

from __future__ import annotations

from typing import Final

from scanner.urls.families.rule import END, EXT, Rule, form
from scanner.urls.platforms import ZAZZLE_HOSTS

_HEX32 = "[0-9a-f]{32}"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PIXIV = ("pximg.net", "pixiv.net", "pixiv.cat", "pixiv.re")
_BOORUS = (
    *("donmai.us", "gelbooru.com", "safebooru.org", "rule34.xxx", "yande.re", "konachan.com", "konachan.net"),
    *("e621.net", "e926.net", "tbib.org", "sankakucomplex.com", "anime-pictures.net"),
)

ART: Final[tuple[Rule, ...]] = (
    Rule(
        family="pinterest",
        hosts=("pinimg.com", "pinterest.com"),
        form=form(
            rf"^/(?P<size>[^/]+)(?:/[^/]+)?/[0-9a-f]{{2}}/[0-9a-f]{{2}}/[0-9a-f]{{2}}/(?P<id>{_HEX32})(?:--[^/]*|_[^/]*)?{END}"
        ),
        crop_yes=form(r"^/[0-9]+x[0-9]+_RS|^/60x60|^/75x75|^/45x45"),
        crop_maybe=form(r"^/[0-9]+x[0-9]+"),
    ),
    Rule(
        family="deviantart",
        hosts=("wixmp.com",),
        form=form(
            rf"^/(?:intermediary/)?[fi]/{_UUID}/(?P<id>d[0-9a-z]{{6}})-{_UUID}{EXT}(?:/v1/[^/]+/(?P<size>[^/]*))?"
        ),
        crop_yes=form(r"/v1/crop/"),
        crop_maybe=form(r"/v1/fill/"),
    ),
    Rule(
        family="deviantart",
        hosts=("deviantart.net", "deviantart.com"),
        form=form(rf"_by_[A-Za-z0-9_-]{{1,64}}?[-_](?P<id>d[0-9a-z]{{6}})(?:-[a-z0-9]+)?{END}"),
        crop_maybe=form(r"=/[0-9]+x[0-9]+/|/150/|/th/"),
    ),
    Rule(
        family="deviantart_file",
        hosts=("deviantart.net", "deviantart.com"),
        form=form(rf"/(?P<id>{_HEX32})(?:-d[0-9a-z]{{6}})?{END}"),
        crop_maybe=form(r"=/[0-9]+x[0-9]+/|/150/|/th/"),
    ),
    Rule(
        family="deviantart_name",
        hosts=("deviantart.net", "deviantart.com"),
        form=form(rf"/(?P<id>[^/]{{1,128}}_by_[A-Za-z0-9_-]{{1,64}}){END}"),
        strength="slug",
        lower=True,
        crop_maybe=form(r"=/[0-9]+x[0-9]+/|/150/|/th/"),
    ),
    Rule(
        family="artstation",
        hosts=("artstation.com",),
        form=form(
            r"^/p/assets/(?P<kind>images|covers|panos)/images/(?P<id>[0-9]{3}/[0-9]{3}/[0-9]{3})/(?:[0-9]{14}/)?(?P<size>[^/]+)/"
        ),
        key="{kind}/{id}",
        crop_yes=form(r"/[a-z0-9]*_?square/"),
    ),
    Rule(
        family="behance",
        hosts=("behance.net",),
        form=form(
            rf"^/(?:v1/)?(?:rendition/)?(?P<kind>project_modules|projects)/(?P<size>[^/]+)/(?P<id>[0-9a-f]+\.[^./]+){END}"
        ),
        key="{kind}/{id}",
        crop_yes=form(r"^/projects/"),
    ),
    Rule(
        family="pixiv",
        hosts=_PIXIV,
        form=form(
            r"/(?:img-master|img-original|custom-thumb|img-zip-ugoira)/img/[0-9]{4}(?:/[0-9]{2}){5}/"
            rf"(?P<id>[0-9]+)(?:-{_HEX32})?(?P<page>_p[0-9]+|_ugoira[1-9][0-9]*)?"
        ),
        key="{id}{page}",
        crop_yes=form(r"square1200|/custom-thumb/|_custom1200"),
        crop_maybe=form(r"^/c/[0-9]+x[0-9]+"),
    ),
    # Until 2014: /img12/img/name/12345.jpg, with _p0 where there are several pages, _big_p0, _s and _m.
    Rule(
        family="pixiv",
        hosts=_PIXIV,
        form=form(r"^/(?:img[0-9]+/)?img/[^/]+/(?P<id>[0-9]{3,9})(?:_big)?(?P<page>_p[0-9]+)(?:_[sm])?\."),
        key="{id}{page}",
    ),
    Rule(
        family="pixiv",
        hosts=_PIXIV,
        form=form(r"^/(?:img[0-9]+/)?img/[^/]+/(?P<id>[0-9]{3,9})(?:_[sm])?\."),
        key="{id}_p0",
        crop_maybe=form(r"_s\."),
    ),
    Rule(
        family="booth",
        hosts=("booth.pximg.net",),
        form=form(rf"/i/[0-9]+/(?P<id>{_UUID})(?:_base_resized)?{END}"),
        crop_maybe=form(r"^/c/[0-9]+x[0-9]+"),
    ),
    Rule(
        family="fanbox",
        hosts=("fanbox.cc",),
        form=form(rf"^/images/post/(?P<post>[0-9]+)/(?:[wc]/[^/]+/)?(?P<id>[0-9A-Za-z]{{16,40}}){END}"),
        crop_maybe=form(r"/c/"),
    ),
    Rule(
        family="booru",
        hosts=_BOORUS,
        form=form(rf"(?<![0-9A-Za-z])(?P<id>{_HEX32})(?![0-9A-Za-z])"),
        crop_maybe=form(r"/crop/|/180x180/|/360x360/|/720x720/"),
    ),
    Rule(
        family="zerochan",
        hosts=("zerochan.net",),
        form=form(rf"\.(?P<id>[0-9]{{3,9}}){END}"),
    ),
    Rule(
        family="redbubble",
        hosts=("redbubble.net",),
        form=form(r"^/image\.(?P<id>[0-9]+)\.[0-9]+/(?P<size>[^/]*)"),
        mockup=form(r"/"),
        mockup_unless=form(r"^/image\.[0-9.]+/flat,"),
    ),
    Rule(
        family="society6",
        hosts=("s6img.com", "society6.com"),
        form=form(rf"/a/(?P<id>[0-9]+)_[0-9]+{END}"),
        mockup=form(r"/"),
    ),
    Rule(
        family="society6_file",
        hosts=("s6img.com", "society6.com"),
        form=form(rf"/uploads/misc/(?P<id>{_HEX32})/"),
        mockup=form(r"/"),
    ),
    Rule(
        family="cafepress",
        hosts=("cpcache.com",),
        form=form(r"^/(?P<kind>product|image|merchandise)/(?P<id>[0-9]{6,12})(?=[/_.])"),
        key="{kind}/{id}",
        mockup=form(r"^/(?:product|merchandise)/"),
    ),
    Rule(
        family="zazzle",
        hosts=ZAZZLE_HOSTS,
        form=form(rf"-(?P<id>[a-z]{_HEX32}|[a-z][0-9]{{15,18}}[a-z0-9]*)_[^/]*{END}"),
        mockup=form(r"/"),
    ),
    Rule(
        family="threadless",
        hosts=("threadless.com",),
        form=form(rf"/(?P<id>[a-z]+-[0-9]{{10}}-{_HEX32}){END}"),
        mockup=form(r"[?&]d="),
    ),
    Rule(
        family="displate",
        hosts=("displate.com",),
        form=form(rf"/displate/(?P<id>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}/{_HEX32}(?:_{_HEX32})?){END}"),
        crop_maybe=form(r"^/[0-9]+x[0-9]+/"),
    ),
    Rule(
        family="saatchi",
        hosts=("saatchiart.com",),
        form=form(rf"/art/(?P<art>[0-9]+)/(?:[^/]+/)?(?P<id>[0-9]+-[A-Z]+[0-9]+)-[0-9]{{1,2}}{END}"),
        key="{art}/{id}",
    ),
    Rule(
        family="artsy",
        hosts=("d32dm0rphc51dk.cloudfront.net",),
        form=form(rf"^/(?P<id>[A-Za-z0-9_-]{{20,24}})/(?P<size>[a-z_]+){END}"),
        crop_yes=form(r"/(?:square|medium_rectangle)\."),
    ),
    Rule(
        family="dribbble",
        hosts=("dribbble.com",),
        form=form(
            r"^/users/[0-9]+/screenshots/(?P<id>[0-9]+)/(?:(?P<rest>(?:media|attachments)/.+?)|(?P<name>[^/]+?)(?:_(?:[1-4]x|teaser))?)"
            rf"{END}"
        ),
        key="{id}/{rest}{name}",
        crop_maybe=form(r"_teaser\.|crop="),
    ),
    Rule(
        family="myportfolio",
        hosts=("myportfolio.com",),
        form=form(rf"/(?P<id>{_UUID})(?:_[a-z]+_[0-9x]+)?{END}"),
        crop_yes=form(r"_(?:carw|rwc|car)_"),
    ),
    Rule(
        family="cargo",
        hosts=("cargo.site",),
        form=form(r"/i/(?P<id>[0-9A-Za-z]{20,64})/"),
        crop_maybe=form(r"/h/[0-9]+/.*/w/|/c/"),
    ),
    Rule(
        family="patreon",
        hosts=("patreonusercontent.com",),
        form=form(
            rf"/patreon-media/p/(?P<kind>[a-z]+)/(?P<number>[0-9]+)/(?P<id>{_HEX32})/(?:eyJ[^/]+/)?(?P<place>[0-9]+){END}"
        ),
        key="{kind}/{number}/{id}/{place}",
        crop_maybe=form(r"/eyJ"),
    ),
    Rule(
        family="huaban",
        hosts=("huabanimg.com", "huaban.com"),
        form=form(r"^/(?P<id>[0-9a-f]{32,48}-[A-Za-z0-9]{6})(?:_[a-z]{2}[0-9]+(?:webp|jpg)?)?(?:/|\.|$)"),
        crop_maybe=form(r"_sq"),
    ),
    Rule(
        family="wallhaven",
        hosts=("wallhaven.cc",),
        form=form(rf"^/(?P<size>full|small|lg|orig)/[0-9a-z]{{2}}/(?:wallhaven-)?(?P<id>[0-9a-z]{{6}}){END}"),
        crop_maybe=form(r"^/(?:small|lg)/"),
    ),
    Rule(
        family="fineartamerica",
        hosts=("fineartamerica.com", "pixels.com"),
        form=form(rf"/(?P<id>[^/]+){END}"),
        strength="slug",
        lower=True,
        mockup=form(r"/rendered/|/images/artworkimages/.*/mockup"),
    ),
)
