"""Stock agencies and photographers' hosts: titles are translated, the picture's number stays."""

from __future__ import annotations

from typing import Final

from scanner.urls.families.rule import END, Rule, form

STOCK: Final[tuple[Rule, ...]] = (
    Rule(family="123rf", hosts=("123rf.com",), form=form(rf"/(?P<id>[0-9]{{6,9}})(?:-[^/]*)?{END}")),
    Rule(
        family="dreamstime",
        hosts=("dreamstime.com",),
        form=form(rf"[-/](?P<id>[0-9]{{5,10}}){END}"),
        crop_yes=form(r"^/s/"),
    ),
    Rule(family="freepik", hosts=("freepik.com", "freepik.es"), form=form(rf"_(?P<id>[0-9]+-[0-9]+){END}")),
    Rule(family="adobe_stock", hosts=("ftcdn.net", "fotolia.com"), form=form(r"_F_(?P<id>[0-9]+)_")),
    Rule(
        family="shutterstock",
        hosts=("shutterstock.com",),
        form=form(rf"-(?P<id>[0-9]{{5,12}}){END}"),
        crop_maybe=form(r"-[0-9]+nw-|-260nw"),
    ),
    Rule(
        family="istock",
        hosts=("istockphoto.com", "gettyimages.com"),
        form=form(r"[-/]id/?(?P<id>[0-9]{5,12})(?:$|[?._/-])"),
        key="id{id}",
        prefixes=("id",),
    ),
    Rule(family="depositphotos", hosts=("depositphotos.com",), form=form(r"/depositphotos_(?P<id>[0-9]{5,12})[-.]")),
    Rule(family="bigstock", hosts=("bigstockphoto.com",), form=form(rf"/(?:[a-z]+[0-9]*)/(?P<id>[0-9]{{5,12}}){END}")),
    Rule(
        family="alamy",
        hosts=("alamy.com",),
        form=form(r"^/(?:[0-9a-z]*comp[a-z]*|[0-9]+v?[a-z]*|zooms/[0-9]+/[^/]*)/(?P<id>[A-Za-z0-9]{5,8})/"),
        lower=True,
    ),
    Rule(
        family="alamy",
        hosts=("alamy.com",),
        form=form(rf"^/zooms/(?:[0-9]+/)?[0-9a-f]{{32}}/(?:[^/]*-)?(?P<id>[A-Za-z0-9]{{5,8}}){END}"),
        lower=True,
    ),
    Rule(
        family="pixabay",
        hosts=("pixabay.com",),
        form=form(rf"[-/](?P<id>[0-9]{{3,9}})(?:_+[0-9]+(?:_[0-9]+)?)?{END}"),
    ),
    Rule(family="pexels", hosts=("pexels.com",), form=form(r"/photos/(?P<id>[0-9]+)/"), crop_maybe=form(r"fit=crop")),
    Rule(family="canstock", hosts=("canstockphoto.com",), form=form(rf"_(?P<id>csp[0-9]+){END}")),
    Rule(
        family="vecteezy",
        hosts=("vecteezy.com",),
        form=form(r"/(?:previews|thumbnails)/(?P<id>[0-9]{3}/[0-9]{3}/[0-9]{3})/(?P<size>[^/]+)/"),
    ),
    Rule(
        family="zenfolio",
        hosts=("zenfolio.com", "zenfolio.net"),
        form=form(rf"/(?P<id>p[0-9]{{6,12}})(?:-[0-9]{{1,2}})?{END}"),
        crop_maybe=form(r"-[12]\."),
    ),
    Rule(family="vectorstock", hosts=("vectorstock.com",), form=form(rf"[-/](?P<id>[0-9]{{5,9}}){END}")),
    Rule(
        family="photoshelter",
        hosts=("photoshelter.com",),
        form=form(r"/img-get2?/(?P<id>I0000[A-Za-z0-9._-]{9,14})/"),
        crop_yes=form(r"/fill="),
    ),
    Rule(
        family="smugmug",
        hosts=("smugmug.com",),
        form=form(r"/(?P<id>i-[A-Za-z0-9]{5,9})/"),
        crop_yes=form(r"/Th/|-Th\.|/Ti/|-Ti\."),
    ),
)
