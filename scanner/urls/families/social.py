"""Social networks, blogs and video sites."""

from __future__ import annotations

from typing import Final

from scanner.urls.families.rule import ALWAYS, END, EXT, Rule, form

SOCIAL: Final[tuple[Rule, ...]] = (
    Rule(
        family="tumblr",
        hosts=("media.tumblr.com",),
        form=form(
            r"/(?P<id>tumblr_(?:inline_|messaging_|static_)?[A-Za-z0-9]+(?:_r[0-9]+)?)_(?P<size>[0-9]{2,4}(?:sq)?|raw)(?:_v[0-9])?"
            + END
        ),
        crop_yes=form(r"_[0-9]+sq\."),
    ),
    Rule(
        family="tumblr",
        hosts=("media.tumblr.com",),
        form=form(r"^/(?P<id>[0-9a-f]{32}/[0-9a-f]{4,24}-[0-9a-f]{2})/(?P<size>s[0-9]+x[0-9]+(?:u?_c1)?)/"),
        crop_yes=form(r"_c1/"),
    ),
    Rule(
        family="flickr",
        hosts=("staticflickr.com", "static.flickr.com", "flickr.com"),
        form=form(
            rf"^/(?:[0-9]+/)?(?:[0-9]+/)?(?P<id>[0-9]{{5,12}})_[0-9a-f]{{8,12}}(?:_[a-z0-9]{{1,2}})?(?:_d)?{END}"
        ),
        crop_yes=form(r"_[sq]\.[a-z]+$"),
    ),
    Rule(
        family="weibo",
        hosts=("sinaimg.cn",),
        form=form(rf"^/(?P<size>[^/]+)/(?P<id>[0-9A-Za-z]{{20,40}}){END}"),
        crop_yes=form(r"^/(?:square|crop\.|thumb[0-9]*/|thumbnail/)"),
        crop_maybe=form(r"^/orj?[0-9]+x[0-9]+/"),
    ),
    Rule(
        family="xiaohongshu",
        hosts=("xhscdn.com", "xiaohongshu.com"),
        form=form(r"^/(?:[0-9]{12}/[0-9a-f]{32}/)?(?:[a-z_]+/)*(?P<id>(?=[0-9a-z-]*[0-9])[0-9a-z-]{16,64})(?:!|\.|$)"),
        crop_maybe=form(r"!|imageView2"),
    ),
    Rule(
        family="twitter",
        hosts=("pbs.twimg.com",),
        form=form(r"^/media/(?P<id>[A-Za-z0-9_-]{15})(?:\.[a-z]+)?(?::(?P<size>[a-z]+))?$"),
        crop_yes=form(r":thumb$|name=thumb"),
    ),
    Rule(
        family="twitter_avatar",
        hosts=("pbs.twimg.com",),
        form=form(
            rf"^/profile_images/(?P<id>[0-9]+/[A-Za-z0-9_-]+?)(?:_(?:normal|bigger|mini|reasonably_small|[0-9]+x[0-9]+))?{END}"
        ),
    ),
    Rule(
        family="instagram",
        hosts=("cdninstagram.com", "fbcdn.net"),
        form=form(r"/(?P<id>[0-9]{6,20}_[0-9]{8,20}_[0-9]{8,20})_[a-z](?:\.[a-z]+)"),
        crop_yes=form(r"/[cs][0-9.]+x?[0-9.]*[a-z]?/|/c[0-9.]+/|/s150x150/"),
        crop_maybe=form(r"/p[0-9]+x[0-9]+/"),
    ),
    Rule(
        family="reddit",
        hosts=("redd.it",),
        form=form(r"^/(?:[^/]*-v0-)?(?P<id>[a-z0-9]{10,16})\.[a-z]+$"),
        crop_yes=form(r"[?&]crop=|[?&]smart=|[?&]height="),
    ),
    Rule(
        family="imgur",
        hosts=("imgur.com",),
        form=form(r"^/(?P<id>[A-Za-z0-9]{7}|[A-Za-z0-9]{5})(?P<size>[sbtmlhgr])?\.[a-z]+$"),
        suffixes="sbtmlhgr",
        crop_yes=form(r"^/(?:[A-Za-z0-9]{5}|[A-Za-z0-9]{7})[sb]\."),
    ),
    Rule(
        family="weheartit",
        hosts=("whicdn.com", "weheartit.com"),
        form=form(r"/images/(?P<id>[0-9]+)/"),
        crop_yes=form(r"/(?:super)?thumb\."),
    ),
    Rule(
        family="bilibili",
        hosts=("hdslb.com",),
        form=form(rf"^(?P<id>/bfs/[^@]+?{EXT})(?:@(?P<size>[^/]*))?$"),
        crop_yes=form(r"@[^/]*_1[cs]"),
    ),
    Rule(
        family="yelp",
        hosts=("yelpcdn.com",),
        form=form(r"/bphoto/(?P<id>[A-Za-z0-9_-]{22})/"),
        crop_yes=form(r"/[a-z]*s\.jpg$"),
    ),
    Rule(
        family="500px",
        hosts=("500px.org", "500px.net"),
        form=form(r"^/photo/(?P<id>[0-9]+)/"),
        crop_yes=form(r"/w=[0-9]+_h=[0-9]+|crop"),
    ),
    # The frame is part of the key: 1, 2 and 3 are other moments of the video than the poster (0, default, hqdefault …).
    Rule(
        family="youtube",
        hosts=("ytimg.com", "img.youtube.com", "ytimg.googleusercontent.com"),
        form=form(r"^/(?:vi|vi_webp|an_webp)/(?P<id>[A-Za-z0-9_-]{11})/(?:hq|mq|sd|maxres)?(?P<frame>[123])\.[a-z]+$"),
        key="{id}/{frame}",
    ),
    Rule(
        family="youtube",
        hosts=("ytimg.com", "img.youtube.com", "ytimg.googleusercontent.com"),
        form=form(
            r"^/(?:vi|vi_webp)/(?P<id>[A-Za-z0-9_-]{11})/(?:0|(?:hq|mq|sd|maxres)?default(?:_live)?|hq720(?:_live)?)\.[a-z]+$"
        ),
        key="{id}/0",
        crop_maybe=ALWAYS,  # 4:3 frames are letterboxed, 16:9 ones are not
    ),
    Rule(
        family="bing",
        hosts=("bing.com", "bing.net"),
        form=form(r"^/th(?:/id/|\?(?:[^#]*&)?id=)(?P<id>[A-Za-z]{2,5}\.[A-Za-z0-9._-]+)"),
        on_query=True,
        crop_yes=ALWAYS,  # a thumbnail of a picture elsewhere; it cannot be resolved to its source
    ),
    Rule(
        family="gstatic",
        hosts=("gstatic.com",),
        form=form(r"^/(?:images|licensed-image|shopping)\?(?:[^#]*&)?q=(?P<id>tbn(?::|%3A)[^&]+)"),
        on_query=True,
        crop_yes=ALWAYS,
    ),
)
