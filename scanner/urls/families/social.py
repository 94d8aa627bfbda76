"""Social networks, blogs and video sites."""

from __future__ import annotations

from typing import Final

from scanner.urls.families.rule import ALWAYS, END, EXT, Rule, form

SOCIAL: Final[tuple[Rule, ...]] = (
    Rule(
        family="tumblr",
        hosts=("tumblr.com",),
        form=form(
            r"/(?P<id>tumblr_(?:inline_|messaging_|static_)?[A-Za-z0-9]+(?:_r[0-9]+)?)_(?P<size>[0-9]{2,4}(?:sq)?|raw)(?:_v[0-9])?"
            + END
        ),
        crop_yes=form(r"_[0-9]+sq\."),
    ),
    Rule(
        family="tumblr_avatar",
        hosts=("media.tumblr.com",),
        form=form(rf"/avatar_(?P<id>[0-9a-f]{{12}})_(?P<size>[0-9]{{2,3}}){END}"),
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
            rf"^/profile_images/(?P<id>[0-9]+/[A-Za-z0-9_-]+?)(?:_(?:normal|bigger|mini|reasonably_small|x?[0-9]+|[0-9]+x[0-9]+))?{END}"
        ),
    ),
    Rule(
        family="twitter_file",
        hosts=("pbs.twimg.com",),
        form=form(
            r"^/(?P<kind>ext_tw_video_thumb/[0-9]+/p[ur]/img|amplify_video_thumb/[0-9]+/img|tweet_video_thumb|card_img/[0-9]+)/"
            r"(?P<id>[A-Za-z0-9_-]{8,20})(?:\.[a-z]+)?(?::[a-z]+)?$"
        ),
        key="{kind}/{id}",
        crop_maybe=form(r"name=|:"),
    ),
    Rule(
        family="twitter_banner",
        hosts=("pbs.twimg.com",),
        form=form(r"^/profile_banners/(?P<id>[0-9]+/[0-9]+)(?:/(?P<size>[^/]+))?$"),
    ),
    Rule(
        family="instagram",
        hosts=("cdninstagram.com", "fbcdn.net", "akamaihd.net"),
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
        form=form(r"^/(?P<id>[A-Za-z0-9]{7}|[A-Za-z0-9]{5})(?P<size>[sbtmlhgr])?(?:_d)?\.[a-z]+$"),
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
        family="medium",
        hosts=("medium.com",),
        form=form(r"/(?:[0-9]+%2A)?(?P<number>[0-9])(?:\*|%2A)(?P<id>[A-Za-z0-9_-]{10,})(?:\.[A-Za-z]+)?$"),
        key="{number}*{id}",
        crop_yes=form(r"/fit/c/|/resize:fill:"),
    ),
    Rule(
        family="livejournal",
        hosts=("livejournal.com",),
        form=form(r"^/(?P<id>[^/]+/[0-9]+/[0-9]+/[0-9]+)_(?P<size>original|[0-9]{2,4})\.[a-z]+$"),
        crop_maybe=form(r"_s[0-9]"),
    ),
    Rule(
        family="zhihu",
        hosts=("zhimg.com",),
        form=form(r"^/(?:[0-9]+/)?(?:v2-)?(?P<id>[0-9a-f]{32})(?:_[a-z0-9]+)?(?:\.[a-z]+)?$"),
        crop_maybe=form(r"_(?:x?s|is|im|xld?|l)\."),
    ),
    Rule(
        family="douban",
        hosts=("doubanio.com", "douban.com"),
        form=form(r"^/view/(?P<kind>[a-z]+)/(?P<size>[a-z_]+)/public/(?P<id>[a-z][0-9]+)\.[a-z]+$"),
        key="{kind}/{id}",
    ),
    Rule(
        family="discord",
        hosts=("discordapp.com", "discordapp.net"),
        form=form(r"^/attachments/(?P<id>[0-9]+/[0-9]+)/(?P<name>[^/]+)$"),
        key="{id}/{name}",
    ),
    Rule(
        family="bandcamp",
        hosts=("bcbits.com",),
        form=form(rf"^/img/(?P<id>a?[0-9]{{8,12}})_[0-9]{{1,3}}{END}"),
    ),
    Rule(
        family="soundcloud",
        hosts=("sndcdn.com",),
        form=form(rf"^/(?P<id>(?:artworks|avatars)-[A-Za-z0-9]+-[A-Za-z0-9]+(?:-0)?)-(?P<size>[a-z0-9]+){END}"),
    ),
    Rule(
        family="tmdb",
        hosts=("tmdb.org",),
        form=form(rf"^/t/p/(?P<size>[^/]+)/(?P<id>[A-Za-z0-9]{{20,40}}){END}"),
        crop_yes=form(r"/[wh][0-9]+_and_[wh][0-9]+_(?:face|bestv2)"),
    ),
    Rule(
        family="imdb",
        hosts=("media-amazon.com", "images-amazon.com", "ssl-images-amazon.com", "media-imdb.com"),
        form=form(rf"^/images/M/(?P<id>MV5B[A-Za-z0-9_-]+)(?:@|%40)*(?:\.[^/]*)?{END}"),
        crop_yes=form(r"[._,]CR[0-9]"),
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
        form=form(r"^/(?:images|licensed-image|shopping)\?(?:[^#]*&)?q=tbn(?::|%3A)(?P<id>[^&]+)"),
        key="tbn:{id}",
        on_query=True,
        crop_yes=ALWAYS,
    ),
)
