"""Marketplaces and site builders whose addresses hold a picture's own number or digest."""

from __future__ import annotations

from typing import Final

from scanner.urls.families.rule import END, EXT, Rule, form

SHOPS: Final[tuple[Rule, ...]] = (
    Rule(
        family="etsy",
        hosts=("etsystatic.com", "etsy.com"),
        form=form(rf"/il_(?P<size>[^./]+)\.(?P<id>[0-9]+)(?:_[a-z0-9]+)?{END}"),
        crop_maybe=form(r"/il_[0-9]+x[0-9]+\.|/c/[0-9]+/"),
    ),
    Rule(
        family="ebay",
        hosts=("ebayimg.com", "ebaystatic.com"),
        form=form(r"/(?:[gmzd])/(?P<id>[A-Za-z0-9~_-]{10,24})/(?P<size>[^/]*)$"),
        crop_maybe=form(r"/s-l64\.|/s-l96\."),
    ),
    Rule(
        family="ebay",
        hosts=("ebayimg.com",),
        form=form(rf"^/d/(?P<size>[^/]+)/[mg]/(?P<id>[A-Za-z0-9~_-]{{10,24}}){END}"),
        crop_maybe=form(r"/l64/|/l96/"),
    ),
    # The number after "_" may be the picture's place in the listing: kept, so that two pictures of one listing stay apart.
    Rule(
        family="ebay_item",
        hosts=("ebaystatic.com", "picclickimg.com"),
        form=form(r"/pict/(?P<id>[0-9]{12})(?:[0-9]{4})?_(?P<place>[0-9]*)(?:[/.]|$)"),
        key="{id}_{place}",
        crop_maybe=form(r"/pict/[0-9]{16}_"),
    ),
    # Only /I/: under /S/ the first segment is a bucket that many pictures share.
    Rule(
        family="amazon",
        hosts=("media-amazon.com", "images-amazon.com", "ssl-images-amazon.com"),
        form=form(rf"^/images/I/(?P<id>(?:[A-Za-z0-9+-]|%2B){{8,12}})(?:\.[^/]*)?{END}"),
        crop_yes=form(r"[._]CR[0-9]|[._]S[RS][0-9]+,|[._]SR[0-9]+%2C|_CR,|_SX[0-9]+_SY[0-9]+_"),
        crop_maybe=form(r"[._](?:PJ|BO|PI)"),
    ),
    Rule(
        family="wix",
        hosts=("wixstatic.com",),
        form=form(r"^/media/(?P<id>[0-9a-f]{6}_[0-9a-f]{32}|[0-9a-f]{32})(?=[~._/]|$)"),
        crop_yes=form(r"/v1/(?:fill|crop)/"),
        crop_maybe=form(r"_sr[zb]_|/v1/(?!fit/)"),
    ),
    Rule(
        family="squarespace",
        hosts=("squarespace-cdn.com", "squarespace.com", "sqspcdn.com"),
        form=form(
            r"^/(?:static|content)/(?:v1/)?(?P<site>[0-9a-f]{24})/(?:t/[0-9a-f]{24}/)?(?P<id>[0-9]{13}-[A-Z0-9]{20})(?:/|$)"
        ),
        key="{site}/{id}",
        crop_maybe=form(r"format=[0-9]+w?h|crop"),
    ),
    Rule(
        family="alicdn",
        hosts=("alicdn.com",),
        form=form(r"^/kf/(?P<id>[A-Za-z][A-Za-z0-9._-]{19,44}?)(?:/|\.(?:jpg|jpeg|png|gif|webp)|$)"),
        crop_maybe=form(r"_[0-9]+x[0-9]+"),
    ),
    Rule(
        family="bigcommerce",
        hosts=("bigcommerce.com",),
        form=form(
            r"^/(?P<shop>[sn]-[a-z0-9]+)(?:/(?!images/|products/)[^/]+)?(?:/images/stencil/(?P<size>[^/]+))?/products/(?P<product>[0-9]+)/"
            rf"(?:images/)?(?P<image>[0-9]+)/(?P<name>[^/]+?)\.(?P<stamp>[0-9]{{9,11}})(?:\.[0-9]+\.[0-9]+)?{END}"
        ),
        key="{shop}/{product}/{image}",
        crop_maybe=form(r"/stencil/[0-9]+x[0-9]+/"),
    ),
    Rule(
        family="tripadvisor",
        hosts=("tripadvisor.com",),
        form=form(
            r"^/media/(?P<kind>photo|vr-splice|vr|video)-[a-z0-9]+/(?:[0-9]+x?[0-9]*/)?(?P<id>[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{2})(?=[/.])"
        ),
        key="{kind}/{id}",
        crop_maybe=form(r"/photo-[tlfi]/"),
    ),
    Rule(
        family="muscache",
        hosts=("muscache.com",),
        form=form(r"^(?:/im)?(?P<id>/pictures/.+)$"),
        crop_maybe=form(r"aki_policy=|im_[a-z]+="),
    ),
    Rule(
        family="bigcartel",
        hosts=("bigcartel.com",),
        form=form(r"/product_images/(?P<id>[0-9]+)/"),
        crop_maybe=form(r"fit=crop"),
    ),
    Rule(
        family="gumroad",
        hosts=("public-files.gumroad.com",),
        form=form(r"^/(?:variants/)?(?P<id>[a-z0-9]{20,32})(?:/[0-9a-f]{64})?$"),
    ),
    Rule(
        family="uploadcare",
        hosts=("ucarecdn.com",),
        form=form(r"^/(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:/|$)"),
        crop_yes=form(r"/-/(?:crop|scale_crop|smart)"),
    ),
    Rule(
        family="tilda",
        hosts=("tildacdn.com", "tildacdn.net"),
        form=form(r"^/(?P<id>tild[0-9a-f]{4}-[0-9a-f-]{20,40})/(?:-/.*/)?(?P<name>[^/]+)$"),
        key="{id}/{name}",
        crop_maybe=form(r"/-/cover/"),
    ),
    Rule(
        family="unsplash",
        hosts=("images.unsplash.com",),
        form=form(r"^/(?P<id>(?:photo|premium_photo|profile|flagged/photo)-[0-9]+-[0-9a-f]{12})(?![0-9a-zA-Z])"),
        crop_yes=form(r"fit=crop|crop=|fit=facearea"),
    ),
    Rule(
        family="gannett",
        hosts=("gannett-cdn.com",),
        form=form(rf"^/(?:-mm-/[0-9a-f]{{40}}/(?:[a-z]=[^/]*/)?)?(?P<id>(?:local/-/media|presto)/.+?{EXT})$"),
        crop_yes=form(r"/c=[0-9]|fit=crop|crop="),
        crop_maybe=form(r"fit=bounds"),
    ),
)
