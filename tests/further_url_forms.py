"""URL forms that the first table did not have: older hosts of art platforms, portfolios, print shops, site builders, object stores.

Placeholders as in ``url_corpus``.
"""

_WIKIA = "wikia.nocookie.net"
_DEVIANT = "{w}_by_{w}-{d}.jpg"
_AMAZON = "/images/S/compressed.photo.goodreads.com/books/1500000000l/{n}"

FURTHER_FORMS: dict[str, tuple[str, ...]] = {
    "deviantart older": (
        f"http://fc05.deviantart.com/fs70/f/2012/1/a/b/{_DEVIANT}",
        f"http://fc01.deviantart.net/fs70/f/2012/1/a/b/{_DEVIANT}",
        f"http://th09.deviantart.com/fs70/300W/f/2012/1/a/b/{_DEVIANT}",
        f"http://th05.deviantart.net/fs70/PRE/f/2012/1/a/b/{_DEVIANT}",
        f"http://pre00.deviantart.net/6f1e/th/pre/f/2012/1/a/b/{_DEVIANT}",
        f"http://orig00.deviantart.net/6f1e/f/2012/1/a/b/{_DEVIANT}",
    ),
    "pixiv hosts": tuple(
        f"{host}/img/2013/03/04/05/06/07/{{n}}_p1{rest}"
        for host, rest in (
            ("https://i.pximg.net/img-original", ".png"),
            ("http://i1.pixiv.net/img-original", ".jpg"),
            ("http://i2.pixiv.net/c/600x600/img-master", "_master1200.jpg"),
            ("https://i.pixiv.cat/img-original", ".png"),
            ("https://i.pixiv.re/img-master", "_master1200.jpg"),
            ("https://i-cf.pximg.net/c/48x48/img-master", "_square1200.jpg"),
        )
    ),
    "pixiv until 2014": (
        "http://img12.pixiv.net/img/{w}/{n}_p0.jpg",
        "http://i2.pixiv.net/img12/img/{w}/{n}_big_p0.jpg",
        "http://img12.pixiv.net/img/{w}/{n}.jpg",
        "http://i1.pixiv.net/img12/img/{w}/{n}_m.png",
        "http://i2.pixiv.net/img12/img/{w}/{n}_s.png",
        "https://i.pximg.net/img-original/img/2013/03/04/05/06/07/{n}_p0.png",
    ),
    "booth": tuple(
        f"https://booth.pximg.net/{size}0c7a5c8e-1111-4222-8333-944444444444/i/{{n}}/{{u}}{name}"
        for size, name in (
            ("", ".png"),
            ("", "_base_resized.jpg"),
            ("c/300x300_a2_g5/", "_base_resized.jpg"),
            ("c/620x620/", "_base_resized.jpg"),
            ("c/72x72_a2_g5/", "_base_resized.jpg"),
            ("c/1600x1600/", ".jpg"),
        )
    ),
    "behance renditions": tuple(
        f"https://{host}/{size}/{{g}}.{{g}}.jpg"
        for host, size in (
            ("mir-s3-cdn-cf.behance.net/project_modules", "disp"),
            ("mir-cdn.behance.net/v1/rendition/project_modules", "1400"),
            ("mir-cdn.behance.net/v1/rendition/project_modules", "max_1200"),
            ("mir-s3-cdn-cf.behance.net/project_modules", "fs_webp"),
            ("mir-s3-cdn-cf.behance.net/project_modules", "source"),
            ("mir-s3-cdn-cf.behance.net/project_modules", "1400_opt_1"),
        )
    ),
    "twitter previews": tuple(
        f"https://pbs.twimg.com/ext_tw_video_thumb/{{n17}}/pu/img/{{b15}}{rest}"
        for rest in (
            ".jpg",
            ".jpg:large",
            "?format=jpg&name=small",
            "?format=png&name=large",
            ".jpg?name=orig",
            ".jpg:small",
        )
    ),
    "ebay hosts": (
        "https://thumbs.ebaystatic.com/images/g/{b12}AA/s-l225.jpg",
        "https://i.ebayimg.com/thumbs/images/g/{b12}AA/s-l225.jpg",
        "https://i.ebayimg.com/images/g/{b12}AA/s-l1600.webp",
        "http://thumbs2.ebaystatic.com/images/g/{b12}AA/s-l300.jpg",
        "https://i.ebayimg.com/d/l225/g/{b12}AA.jpg",
        "https://i.ebayimg.com/d/l500/g/{b12}AA.jpg",
    ),
    "goodreads": tuple(
        f"https://i.gr-assets.com{_AMAZON}{marks}.jpg"
        for marks in ("", "._SX318_", "._SY475_", "._SX98_", "._UY400_SS400_", "._SR180,240_")
    ),
    "imdb": tuple(
        f"https://{host}/images/M/MV5B{{b33}}@._V1_{marks}.jpg"
        for host, marks in (
            ("m.media-amazon.com", ""),
            ("m.media-amazon.com", "UX182_CR0,0,182,268_AL_"),
            ("ia.media-imdb.com", "SX300"),
            ("images-na.ssl-images-amazon.com", "SY1000_CR0,0,675,1000_AL_"),
            ("m.media-amazon.com", "QL75_UX190_"),
            ("ia.media-imdb.com", "UY268_CR3,0,182,268_AL_"),
        )
    ),
    "stock by id in the path": (
        "https://media.istockphoto.com/id/{n9}/photo/red-fox.jpg?s=612x612&w=0&k=20&c=abcdef",
        "https://media.istockphoto.com/id/{n9}/de/foto/roter-fuchs.jpg?s=170667a&w=0",
        "https://media.gettyimages.com/id/{n9}/photo/red-fox.jpg?s=2048x2048",
        "https://media.istockphoto.com/photos/red-fox-picture-id{n9}?k=6&m=1",
        "https://media.gettyimages.com/photos/red-fox-picture-id{n9}?s=612x612",
        "https://media.istockphoto.com/id/{n9}/vector/fox.webp",
    ),
    "pixabay": tuple(
        f"https://cdn.pixabay.com/photo/2016/01/02/03/04/{{w}}-{{n}}{size}.jpg"
        for size in ("_960_720", "_640", "_1280", "__340", "__480", "_150")
    ),
    "pexels": tuple(
        f"https://images.pexels.com/photos/{{n}}/{name}{query}"
        for name, query in (
            ("pexels-photo-{n}.jpeg", ""),
            ("pexels-photo-{n}.jpeg", "?auto=compress&cs=tinysrgb&w=1260&h=750&dpr=1"),
            ("pexels-photo.jpg", "?w=940&h=650"),
            ("free-photo-of-a-fox.jpeg", "?auto=compress&fit=crop&h=627&w=1200"),
            ("pexels-photo-{n}.png", "?dl&fm=png"),
            ("pexels-photo-{n}.jpeg", "?cs=srgb&fm=jpg"),
        )
    ),
    "medium": tuple(
        f"https://{host}/{size}{{n3}}".replace("{n3}", "1*{b22}") + ext
        for host, size, ext in (
            ("miro.medium.com", "max/1400/", ".jpeg"),
            ("miro.medium.com", "", ".jpeg"),
            ("miro.medium.com", "v2/resize:fit:720/", ".png"),
            ("cdn-images-1.medium.com", "max/800/", ".jpeg"),
            ("miro.medium.com", "fit/c/152/156/", ""),
            ("cdn-images-1.medium.com", "fit/t/1600/480/", ".jpeg"),
        )
    ),
    "livejournal": tuple(
        f"{host}/{{w}}/{{n8}}/{{n3}}/{{n5}}_{size}.jpg"
        for host, size in (
            ("https://ic.pics.livejournal.com", "original"),
            ("https://ic.pics.livejournal.com", "900"),
            ("http://ic.pics.livejournal.com", "600"),
            ("https://ic.pics.livejournal.com", "300"),
            ("https://ic.pics.livejournal.com", "100"),
            ("http://ic.pics.livejournal.com", "1000"),
        )
    ),
    "zhihu": tuple(
        f"https://pic{n}.zhimg.com/{path}{{h}}{size}"
        for n, path, size in (
            (1, "v2-", "_r.jpg"),
            (2, "v2-", "_1440w.jpg"),
            (3, "80/v2-", "_720w.webp"),
            (4, "50/v2-", "_hd.jpg"),
            (1, "", "_b.png"),
            (2, "v2-", "_xll.jpg"),
        )
    ),
    "douban": tuple(
        f"https://img{n}.doubanio.com/view/photo/{size}/public/p{{n10}}.{ext}"
        for n, size, ext in (
            (1, "l", "jpg"),
            (2, "m", "webp"),
            (3, "raw", "jpg"),
            (9, "s_ratio_poster", "jpg"),
            (1, "sqxs", "webp"),
            (2, "photo", "jpg"),
        )
    ),
    "huaban": tuple(
        f"https://{host}/{{x}}-{{b8}}".replace("{b8}", "Ab{n4}") + rest
        for host, rest in (
            ("hbimg.huabanimg.com", ""),
            ("hbimg.huabanimg.com", "_fw658"),
            ("hbimg.huabanimg.com", "_fw236/format/webp"),
            ("hbimg.huaban.com", "_sq320"),
            ("hbimg.huabanimg.com", "_fw480"),
            ("gd-hbimg.huaban.com", "_fw1200webp"),
        )
    ),
    "portfolio by adobe": tuple(
        f"https://{host}/{{x}}/{{u}}{size}.{ext}?h=0123456789abcdef"
        for host, size, ext in (
            ("cdn.myportfolio.com", "", "jpg"),
            ("cdn.myportfolio.com", "_rw_1200", "jpg"),
            ("cdn.myportfolio.com", "_rw_600", "png"),
            ("cdn.myportfolio.com", "_carw_4x3x32", "jpg"),
            ("pro2-bar-s3-cdn-cf1.myportfolio.com", "_rwc_0x0x1920x1080x32", "jpg"),
            ("cdn.myportfolio.com", "_rw_3840", "jpg"),
        )
    ),
    "cargo": tuple(
        f"https://freight.cargo.site/{path}/i/{{x}}{{g24}}/{{w}}.jpg"
        for path in ("t/original", "w/1250", "w/640/q/75", "w/2000", "w/300/h/300", "h/900/q/94")
    ),
    "dribbble": tuple(
        f"https://cdn.dribbble.com/users/{{n6}}/screenshots/{{n}}/{{w}}{size}.png{query}"
        for size, query in (
            ("", ""),
            ("_1x", ""),
            ("_2x", "?compress=1&resize=400x300"),
            ("_4x", ""),
            ("_teaser", ""),
            ("", "?compress=1&resize=1200x900"),
        )
    ),
    "patreon": tuple(
        f"https://{host}.patreonusercontent.com/{n}/{before}patreon-media/p/post/{{n8}}/{{h}}/{after}1.{ext}?token-time=2&token-hash={{b27}}"
        for host, n, before, after, ext in (
            ("c10", 3, "eyJ3Ijo2MjB9/", "", "jpg"),
            ("c10", 3, "", "", "png"),
            ("c8", 4, "", "eyJ3IjoxMDgwfQ%3D%3D/", "jpg"),
            ("c10", 4, "", "eyJhIjoxfQ%3D%3D/", "gif"),
            ("c9", 3, "eyJoIjozNjB9/", "", "jpg"),
            ("c10", 4, "", "eyJ3Ijo2MjB9/", "png"),
        )
    ),
    "displate": tuple(
        f"https://static.displate.com/{size}displate/2019-01-02/{{h}}.{ext}"
        for size, ext in (
            ("280x392/", "jpg"),
            ("857x1200/", "jpg"),
            ("", "jpg"),
            ("460x640/", "avif"),
            ("600x840/", "webp"),
            ("1200x857/", "jpg"),
        )
    ),
    "saatchi": tuple(
        f"https://images.saatchiart.com/saatchi/{{n6}}/art/{{n}}/{folder}{{n}}-HSC00001-{size}.jpg"
        for folder, size in (("", 6), ("", 7), ("", 8), ("", 32), ("", 1), ("", 5))
    ),
    "bandcamp": tuple(f"https://f4.bcbits.com/img/a{{n10}}_{size}.jpg" for size in (0, 2, 5, 10, 16, 23)),
    "bigcartel": tuple(
        f"https://images.bigcartel.com/{path}"
        for path in (
            "product_images/{n}/{w}.jpg",
            "product_images/{n}/{w}.jpg?auto=format&fit=max&w=1000",
            "product_images/{n}/max_h-1000+max_w-1000/{w}.jpg",
            "bigcartel/product_images/{n}/max_h-300+max_w-300/{w}.jpg",
            "product_images/{n}/-/{w}.jpg",
            "product_images/{n}/{w}.jpg?auto=format&fit=crop&h=300&w=300",
        )
    ),
    "discord": tuple(
        f"https://{host}/attachments/{{n17}}/{{n15}}/{{w}}.png{query}"
        for host, query in (
            ("cdn.discordapp.com", ""),
            ("media.discordapp.net", ""),
            ("media.discordapp.net", "?width=400&height=300"),
            ("cdn.discordapp.com", "?ex=1&is=2&hm=3"),
            ("media.discordapp.net", "?format=webp&quality=lossless"),
            ("cdn.discordapp.com", "?size=1024"),
        )
    ),
    "tmdb": tuple(
        f"https://image.tmdb.org/t/p/{size}/{{b27}}.{ext}"
        for size, ext in (
            ("w500", "jpg"),
            ("original", "jpg"),
            ("w185", "jpg"),
            ("w1280", "png"),
            ("w600_and_h900_bestv2", "jpg"),
            ("h632", "jpg"),
        )
    ),
    "tilda": tuple(
        f"https://{host}/tild3031-3265-4131-b266-{{g12}}/{path}{{w}}.jpg"
        for host, path in (
            ("static.tildacdn.com", ""),
            ("thb.tildacdn.com", "-/resize/100x/"),
            ("thb.tildacdn.com", "-/resize/20x/"),
            ("optim.tildacdn.com", "-/resize/760x/-/format/webp/"),
            ("static.tildacdn.net", ""),
            ("thb.tildacdn.net", "-/cover/300x300/center/center/-/format/webp/"),
        )
    ),
    "drupal": tuple(
        f"https://{{w}}.example/sites/default/files/{style}2016-01/{{w}}_{{n4}}.jpg{query}"
        for style, query in (
            ("", ""),
            ("styles/large/public/", "?itok=AbCdEf12"),
            ("styles/thumbnail/public/", "?itok=ZzCdEf12"),
            ("styles/hero_16_9/public/", "?h=0123abcd&itok=x"),
            ("styles/medium/public/", ""),
            ("styles/card/private/", "?itok=1"),
        )
    ),
    "ghost": tuple(
        f"https://{{w}}.example/content/images/{size}2021/03/{{w}}_{{n4}}.jpg"
        for size in (
            "",
            "size/w600/",
            "size/w1000/",
            "size/w2000/",
            "size/w256h256/",
            "size/w1000/format/webp/",
        )
    ),
    "weebly": tuple(
        f"https://{{w}}.example/uploads/1/2/3/4/{{n8}}/{name}"
        for name in (
            "{w}.jpg",
            "{w}_orig.jpg",
            "published/{w}.jpg?1500000000",
            "editor/{w}.jpg?1500000000",
            "{w}.jpg?250",
            "{w}_orig.jpg?1500000000",
        )
    ),
    "discourse": tuple(
        f"https://{{w}}.example/uploads/default/{path}.jpeg"
        for path in (
            "original/2X/a/{x}",
            "optimized/2X/a/{x}_2_690x460",
            "optimized/2X/a/{x}_2_1035x690",
            "optimized/2X/a/{x}_2_10x10",
            "optimized/2X/a/{x}_2_345x230",
            "optimized/2X/a/{x}_1_100x100",
        )
    ),
    "imagekit": tuple(
        f"https://ik.imagekit.io/{{w}}/{path}{{w}}_{{n4}}.jpg{query}"
        for path, query in (
            ("", ""),
            ("tr:w-300,h-300/", ""),
            ("tr:w-300,h-300,fo-auto/", "?v=1"),
            ("tr:q-80/", ""),
            ("tr:n-small/", ""),
            ("", "?tr=w-400"),
        )
    ),
    "object stores": tuple(
        f"https://img.{{w}}.example/{{w}}/{{n8}}{{w}}.jpg{rest}"
        for rest in (
            "",
            "?x-oss-process=image/resize,w_300/quality,q_80",
            "?imageView2/2/w/1080/format/webp",
            "!w300",
            "%21730x0.jpg",
            "@300w_195h_1c_1e.jpg",
            "?imageMogr2/thumbnail/600x",
        )
    ),
    "path parameters": tuple(
        f"https://img.{{w}}.example/{{n8}}_0.jpeg{rest}"
        for rest in (
            "",
            ";u=637527836993970000;quality=90;maxwidth=510;maxheight=510",
            ";maxwidth=100",
            ";w=300;h=200",
            ";s=272x0",
            ";quality=80",
        )
    ),
    "wikia hosts": (
        f"https://vignette.{_WIKIA}/{{w}}/images/a/ab/{{w}}.jpg/revision/latest?cb=2012",
        f"https://static.{_WIKIA}/{{w}}/images/a/ab/{{w}}.jpg/revision/latest/scale-to-width-down/300?cb=2013",
        f"https://vignette.{_WIKIA}/{{w}}/images/a/ab/{{w}}.jpg",
        f"https://images.{_WIKIA}/__cb20120101/{{w}}/images/a/ab/{{w}}.jpg",
        f"https://img1.{_WIKIA}/__cb20120101/{{w}}/images/thumb/a/ab/{{w}}.jpg/180px-{{w}}.jpg",
        f"https://vignette1.{_WIKIA}/{{w}}/images/a/ab/{{w}}.jpg/revision/latest/smart/width/50/height/50",
    ),
    "cloudinary mirrors": tuple(
        f"https://{host}.cloudinary.com/{{w}}/image/upload/{path}{{w}}/{{n8}}.jpg"
        for host, path in (
            ("res", "v1312461204/"),
            ("res-1", "c_limit,h_60,w_90/v1370285417/"),
            ("res-2", ""),
            ("res-5", "f_auto,q_auto/"),
            ("res", "s--AbCdEfGh--/c_scale,w_500/v1/"),
            ("res-3", "w_300/"),
        )
    ),
    "shopify mirrors": tuple(
        f"https://{host}.shopify.com/s/files/1/{{n4}}/{{n4}}/products/{{w}}_{{n5}}{rest}"
        for host, rest in (
            ("cdn", ".png?v=1"),
            ("cdn2", "_1024x1024.png?v=1482014449"),
            ("cdn", "_2048x2048.progressive.png.jpg?v=1"),
            ("cdn1", ".png"),
            ("cdn", "_300x300.png?v=1"),
            ("cdn3", "_grande.png"),
        )
    ),
    "amp": tuple(
        f"https://{host}{{w}}.example/photos/{{n8}}-{{w}}.jpg"
        for host in (
            "",
            "{w}-example.cdn.ampproject.org/i/s/",
            "{w}-example.cdn.ampproject.org/ii/w820/s/",
            "i0.wp.com/",
            "wsrv.nl/?url=",
            "{w}-example.cdn.ampproject.org/i/",
        )
    ),
    "thumbnail scripts": tuple(
        f"https://{{w}}.example{path}"
        for path in (
            "/uploads/{n8}-{w}.jpg",
            "/timthumb.php?src=/uploads/{n8}-{w}.jpg&w=300&h=200&zc=1",
            "/lib/timthumb.php?src=https://{w}.example/uploads/{n8}-{w}.jpg&w=640",
            "/phpThumb.php?src=%2Fuploads%2F{n8}-{w}.jpg&w=100",
            "/resize.php?src=/uploads/{n8}-{w}.jpg&width=100",
            "/uploads/{n8}-{w}.jpg?x12345",
        )
    ),
}
