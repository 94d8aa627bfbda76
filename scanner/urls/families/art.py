"""Art platforms and picture boards: a work's number or digest in the path."""

from __future__ import annotations

from typing import Final

from scanner.urls.families.rule import END, EXT, Rule, form

_HEX32 = "[0-9a-f]{32}"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_BOORUS = ("donmai.us", "gelbooru.com", "safebooru.org", "rule34.xxx", "yande.re", "konachan.com", "konachan.net")

ART: Final[tuple[Rule, ...]] = (
    Rule(
        family="pinterest",
        hosts=("pinimg.com",),
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
        hosts=("deviantart.net",),
        form=form(rf"_by_[A-Za-z0-9_-]{{1,64}}?[-_](?P<id>d[0-9a-z]{{6}})(?:-[a-z0-9]+)?{END}"),
        crop_maybe=form(r"=/[0-9]+x[0-9]+/|/150/|/th/"),
    ),
    Rule(
        family="deviantart_file",
        hosts=("deviantart.net",),
        form=form(rf"/(?P<id>{_HEX32})(?:-d[0-9a-z]{{6}})?{END}"),
        crop_maybe=form(r"=/[0-9]+x[0-9]+/|/150/|/th/"),
    ),
    Rule(
        family="deviantart_name",
        hosts=("deviantart.net",),
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
        form=form(rf"^/(?P<kind>project_modules|projects)/(?P<size>[^/]+)/(?P<id>[0-9a-f]+\.[^./]+){END}"),
        key="{kind}/{id}",
        crop_yes=form(r"^/projects/"),
    ),
    Rule(
        family="pixiv",
        hosts=("pximg.net",),
        form=form(
            r"/(?:img-master|img-original|custom-thumb|img-zip-ugoira)/img/[0-9]{4}(?:/[0-9]{2}){5}/"
            rf"(?P<id>[0-9]+)(?:-{_HEX32})?(?P<page>_p[0-9]+|_ugoira[0-9]*)?"
        ),
        key="{id}{page}",
        crop_yes=form(r"square1200|/custom-thumb/|_custom1200"),
        crop_maybe=form(r"^/c/[0-9]+x[0-9]+"),
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
        hosts=(
            "zcache.com",
            "zcache.ca",
            "zcache.co.uk",
            "zcache.com.au",
            "zcache.de",
            "zcache.fr",
            "zcache.es",
            "zcache.co.nz",
        ),
        form=form(rf"-(?P<id>[a-z]{_HEX32}|[a-z][0-9]{{15,18}}[a-z0-9]*)_[^/]*{END}"),
        mockup=form(r"/"),
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
