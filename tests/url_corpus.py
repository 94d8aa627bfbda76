"""URL forms of one asset, family by family: what the same picture is called at other sizes, hosts and through proxies.

Written from the table of identity.md section 4 and from the shapes of real rows; every value in braces is drawn anew for each asset.
``{n}`` digits, ``{h}`` 32 hex digits, ``{u}`` a uuid, ``{b}`` letters and digits, ``{w}`` a word, ``{d}`` a DeviantArt id, ``{p}`` nine digits in
threes, ``{x}`` 40 hex digits.
"""

import random
import string
from functools import cache

from further_url_forms import FURTHER_FORMS

_PHOTON = ("https://i0.wp.com/{}", "https://i2.wp.com/{}?resize=300%2C200&ssl=1", "http://i1.wp.com/{}?w=640")

FORMS: dict[str, tuple[str, ...]] = {
    "pinterest": (
        "https://i.pinimg.com/236x/40/d3/0b/{h}.jpg",
        "https://i.pinimg.com/originals/40/d3/0b/{h}.png",
        "http://media-cache-ak0.pinimg.com/736x/40/d3/0b/{h}.jpg",
        "https://s-media-cache-ak0.pinimg.com/564x/40/d3/0b/{h}.jpg",
        "https://i.pinimg.com/600x315/40/d3/0b/{h}.jpg",
        "https://i.pinimg.com/736x/40/d3/0b/{h}--{w}-{w}.jpg",
    ),
    "deviantart": (
        "https://images-wixmp-ed30a86b8c4ca887773594c2.wixmp.com/f/{u}/{d}-{u}.png?token=eyJ0eXAiOiJKV1Qi",
        "https://images-wixmp-ed30a86b8c4ca887773594c2.wixmp.com/f/{u}/{d}-{u}.jpg/v1/fit/w_300,h_900,q_70,strp/{w}_by_{w}_{d}-300w.jpg",
        "https://images-wixmp-ed30a86b8c4ca887773594c2.wixmp.com/f/{u}/{d}-{u}.jpg/v1/fill/w_250,h_250,q_70,strp/x-250t.jpg?token=eyJ0",
        "https://images-wixmp-ed30a86b8c4ca887773594c2.wixmp.com/intermediary/f/{u}/{d}-{u}.jpg",
        "http://orig00.deviantart.net/6f1e/f/2014/347/0/5/{w}_by_{w}-{d}.jpg",
        "http://t00.deviantart.net/CmG9chp-Q0hKLhmlC2nlGxd6V0s=/fit-in/700x350/filters:fixed_height(100,100):origin()/pre00/6f1e/th/pre/i/2018/291/c/9/{w}_by_{w}-{d}.jpg",
        "https://images-wixmp-ed30a86b8c4ca887773594c2.wixmp.com/i/{u}/{d}-{u}.png/v1/crop/w_200,h_200,x_0,y_0/x.jpg",
    ),
    "artstation": tuple(
        f"https://{cdn}.artstation.com/p/assets/images/images/{{p}}/{size}/{{w}}-{{w}}.jpg?1459189281"
        for cdn, size in (
            ("cdna", "medium"),
            ("cdnb", "large"),
            ("cdna", "smaller_square"),
            ("cdn", "4k"),
            ("cdnb", "small"),
            ("cdna", "20190426172759/thumb"),
        )
    ),
    "behance": tuple(
        f"https://mir-s3-cdn-cf.behance.net/project_modules/{size}/{{g}}.{{g}}.{ext}"
        for size, ext in (
            ("disp", "jpg"),
            ("max_1200", "jpg"),
            ("1400", "png"),
            ("fs", "jpg"),
            ("hd", "png"),
            ("max_3840", "jpg"),
        )
    ),
    "tumblr": tuple(
        f"https://{host}/tumblr_{{b19}}o1_{size}.{ext}"
        for host, size, ext in (
            ("64.media.tumblr.com", "500", "jpg"),
            ("64.media.tumblr.com", "1280", "png"),
            ("66.media.tumblr.com/a0123456789abcdef0123456789abcde", "250", "jpg"),
            ("78.media.tumblr.com", "75sq", "jpg"),
            ("38.media.tumblr.com", "400", "gif"),
            ("media.tumblr.com", "540", "jpg"),
        )
    ),
    "tumblr new": tuple(
        f"https://64.media.tumblr.com/{{h}}/{{g12}}-{{g2}}/{size}/{{x}}.{ext}"
        for size, ext in (
            ("s640x960", "jpg"),
            ("s1280x1920", "png"),
            ("s250x400", "jpg"),
            ("s75x75_c1", "jpg"),
            ("s540x810", "jpg"),
            ("s2048x3072", "pnj"),
        )
    ),
    "flickr": (
        "https://live.staticflickr.com/2752/{n10}_5e98176614_n.jpg",
        "https://farm4.staticflickr.com/3282/{n10}_bafb7335b5.jpg",
        "https://live.staticflickr.com/2752/{n10}_aa98176614_o.png",
        "http://farm3.static.flickr.com/2098/{n10}_bceda615ef_m.jpg",
        "https://live.staticflickr.com/65535/{n10}_5e98176614_b.jpg",
        "https://live.staticflickr.com/2752/{n10}_5e98176614_q.jpg",
    ),
    "pixiv": (
        "https://i.pximg.net/img-original/img/2017/03/04/05/06/07/{n}_p0.png",
        "https://i.pximg.net/img-master/img/2017/03/04/05/06/07/{n}_p0_master1200.jpg",
        "https://i.pximg.net/c/250x250_80_a2/img-master/img/2017/03/04/05/06/07/{n}_p0_square1200.jpg",
        "https://i.pximg.net/c/540x540_70/img-master/img/2017/03/04/05/06/07/{n}_p0_master1200.jpg",
        "https://i.pximg.net/c/360x360_70/custom-thumb/img/2017/03/04/05/06/07/{n}_p0_custom1200.jpg",
        "http://i.pximg.net/img-original/img/2017/03/04/05/06/07/{n}_p0.jpg",
    ),
    "weibo": tuple(
        f"https://{host}.sinaimg.cn/{size}/{{b32}}.jpg"
        for host, size in (
            ("wx1", "large"),
            ("ww2", "mw690"),
            ("tva3", "orj360"),
            ("ws4", "thumb150"),
            ("wx2", "square"),
            ("wx4", "crop.0.0.500.500.180"),
        )
    ),
    "xiaohongshu": (
        "https://sns-webpic-qc.xhscdn.com/202401011234/{h}/{b30}!nd_dft_wlteh_webp_3",
        "http://sns-webpic-bd.xhscdn.com/202405051200/{h}/{b30}!nc_n_webp_mw_1",
        "https://sns-img-qc.xhscdn.com/{b30}",
        "https://sns-img-hw.xhscdn.com/{b30}?imageView2/2/w/1080/format/jpg",
        "https://ci.xiaohongshu.com/{b30}?imageView2/2/w/640",
        "https://sns-webpic-qc.xhscdn.com/202401011234/{h}/notes_pre_post/{b30}!nd_prv_wlteh_jpg_3",
    ),
    "twitter": (
        "https://pbs.twimg.com/media/{b15}.jpg",
        "https://pbs.twimg.com/media/{b15}.jpg:large",
        "http://pbs.twimg.com/media/{b15}.png:orig",
        "https://pbs.twimg.com/media/{b15}?format=jpg&name=medium",
        "https://pbs.twimg.com/media/{b15}?format=png&name=4096x4096",
        "https://pbs.twimg.com/media/{b15}.jpg:thumb",
    ),
    "twitter avatar": tuple(
        f"https://pbs.twimg.com/profile_images/{{n10}}/{{b8}}{size}.jpg"
        for size in ("", "_normal", "_bigger", "_400x400", "_200x200", "_mini")
    ),
    "etsy": (
        "https://img1.etsystatic.com/013/0/5762538/il_340x270.{n10}_1xub.jpg",
        "https://i.etsystatic.com/5762538/r/il/ab12cd/{n10}/il_fullxfull.{n10}_1xub.jpg",
        "https://i.etsystatic.com/5762538/c/2000/1500/0/0/il/ab12cd/{n10}/il_794xN.{n10}_1xub.jpg",
        "http://img0.etsystatic.com/013/0/5762538/il_170x135.{n10}.jpg",
        "https://i.etsystatic.com/5762538/d/il/ab12cd/{n10}/il_75x75.{n10}_1xub.jpg?version=0",
        "https://img.etsystatic.com/il/ab12cd/{n10}/il_570xN.{n10}_1xub.jpg",
    ),
    "ebay": (
        "https://i.ebayimg.com/images/g/{b12}AA/s-l1600.jpg",
        "https://i.ebayimg.com/thumbs/images/g/{b12}AA/s-l225.jpg",
        "https://i.ebayimg.com/00/s/ODAwWDYwMA==/z/{b12}AA/$_118.PNG",
        "http://i.ebayimg.com/images/g/{b12}AA/s-l64.webp",
        "https://i.ebayimg.com/00/s/NTAwWDUwMA==/z/{b12}AA/$_103.JPG?set_id=2",
        "https://i.ebayimg.com/images/g/{b12}AA/s-l500.png",
    ),
    "ebay item": (
        "http://thumbs1.ebaystatic.com/pict/{n12}4040_1.jpg",
        "http://thumbs2.ebaystatic.com/pict/{n12}8080_1.jpg",
        "https://thumbs4.ebaystatic.com/d/l180/pict/{n12}_1.jpg",
        "https://thumbs4.ebaystatic.com/d/l225/pict/{n12}_1.jpg",
        "https://thumbs.ebaystatic.com/pict/{n12}_1.jpg",
        "https://thumbs3.ebaystatic.com/m/mXY/140.jpg/pict/{n12}_1.jpg",
    ),
    "amazon": (
        "https://m.media-amazon.com/images/I/{b11}._AC_UL320_ML3_.jpg",
        "https://images-na.ssl-images-amazon.com/images/I/{b11}.jpg",
        "http://ecx.images-amazon.com/images/I/{b11}._SL160_.jpg",
        "https://images-fe.ssl-images-amazon.com/images/I/{b11}._AC_UL160_SR160,160_.jpg",
        "https://m.media-amazon.com/images/I/{b11}._CR0,0,200,200_.png",
        "https://images-eu.ssl-images-amazon.com/images/I/{b11}._UL1500_.jpg",
    ),
    "youtube": tuple(
        f"https://{host}/{path}/{{b11}}/{name}"
        for host, path, name in (
            ("i.ytimg.com", "vi", "0.jpg"),
            ("img.youtube.com", "vi", "hqdefault.jpg"),
            ("i.ytimg.com", "vi_webp", "maxresdefault.webp"),
            ("ytimg.googleusercontent.com", "vi", "mqdefault.jpg"),
            ("i3.ytimg.com", "vi", "sddefault.jpg"),
            ("i.ytimg.com", "vi", "hq720.jpg?sqp=-oay"),
        )
    ),
    "123rf": tuple(
        f"https://{host}/{size}/{{w}}/{{w}}1803/{{w}}180301912/{{n}}-{title}.jpg?ver=6"
        for host, size, title in (
            ("us.123rf.com", "450wm", "a-fox"),
            ("previews.123rf.com", "images", "un-renard"),
            ("us.123rf.com", "400wm", "ein-fuchs"),
            ("us.123rf.com", "168nwm", "lis"),
            ("es.123rf.com", "450wm", "zorro"),
            ("us.123rf.com", "450wm", "a-fox-in-snow"),
        )
    ),
    "dreamstime": tuple(
        f"https://thumbs.dreamstime.com/{size}/{title}-{{n}}.jpg"
        for size, title in (
            ("b", "red-fox"),
            ("t", "roter-fuchs"),
            ("z", "zorro-rojo"),
            ("b", "volpe-rossa"),
            ("x", "renard"),
            ("m", "r%C3%A4v"),
        )
    ),
    "freepik": tuple(
        f"https://{host}/{kind}/{{w}}_{{n6}}-{{n3}}.jpg{query}"
        for host, kind, query in (
            ("img.freepik.com", "free-photo", "?size=626&ext=jpg"),
            ("image.freepik.com", "free-vector", ""),
            ("img.freepik.com", "fotos-gratis", "?w=360"),
            ("img.freepik.com", "premium-photo", "?size=338"),
            ("img.freepik.com", "vecteurs-libre", ""),
            ("image.freepik.com", "foto-gratuito", ""),
        )
    ),
    "adobe stock": tuple(
        f"https://{host}.ftcdn.net/jpg/01/17/57/14/{size}_F_{{n}}_{{b32}}.jpg"
        for host, size in (("t3", "240"), ("as2", "500"), ("t4", "360"), ("as1", "1000"), ("t3", "110"), ("t4", "160"))
    ),
    "shutterstock": tuple(
        f"https://{host}.shutterstock.com/{kind}/{title}-{size}-{{n9}}.jpg"
        for host, kind, title, size in (
            ("image", "image-photo", "red-fox", "260nw"),
            ("image", "image-photo", "fuchs", "450w"),
            ("thumb1", "image-photo", "stock-photo-fox", "450w"),
            ("image", "z", "stock-photo-fox", "600w"),
            ("thumb7", "image-vector", "fox", "150nw"),
            ("image", "image-illustration", "renard", "260nw"),
        )
    ),
    "istock": tuple(
        f"https://media.{host}/{kind}/{title}-picture-id{{n9}}{query}"
        for host, kind, title, query in (
            ("istockphoto.com", "photos", "fox", ""),
            ("istockphoto.com", "photos", "red-fox", "?k=6&m=1&s=170667a&w=0"),
            ("istockphoto.com", "vectors", "fuchs", "?s=612x612"),
            ("gettyimages.com", "photos", "fox", ""),
            ("istockphoto.com", "illustrations", "fox", "?b=1"),
            ("gettyimages.com", "photos", "renard", "?s=594x594"),
        )
    ),
    "depositphotos": tuple(
        f"https://{host}.depositphotos.com/6390910/9240/{size}/depositphotos_{{n}}{title}.jpg"
        for host, size, title in (
            ("st2", "i/600", "-stock-photo-fox"),
            ("static8", "i/170", "-Fox"),
            ("st4", "i/450", "-stock-photo-red-fox"),
            ("st", "v/600", "-fuchs"),
            ("st3", "i/950", "-zorro"),
            ("st2", "i/110", "-renard"),
        )
    ),
    "alamy": tuple(
        f"https://{host}.alamy.com/{path}/{{A7}}/{title}-{{A7}}.jpg"
        for host, path, title in (
            ("c8", "comp", "fox"),
            ("c7", "comp", "red-fox"),
            ("c8", "compit", "volpe"),
            ("l450v", "450vfr", "renard"),
            ("c8", "compes", "zorro"),
            ("c8", "compde", "fuchs"),
        )
    ),
    "vectorstock": tuple(
        f"https://{host}.vectorstock.com/i/{size}/99/02/{title}{{n8}}.jpg"
        for host, size, title in (
            ("cdn", "thumb-large", ""),
            ("cdn1", "500x500", "fox-vector-"),
            ("cdn3", "1000x1000", "red-fox-vector-"),
            ("cdn", "preview-1x", "fox-vector-"),
            ("cdn5", "composite", ""),
            ("cdn2", "composite", "fox-"),
        )
    ),
    "bigstock": tuple(
        f"https://static{n}.bigstockphoto.com/{path}/{{n9}}.jpg"
        for n, path in (
            (3, "7/1/4/large2"),
            (2, "1/4/1/large1500"),
            (1, "thumbs/3/2/1/small2"),
            (3, "thumbs/3/2/1/small3"),
            (2, "7/1/4/large1500"),
            (3, "thumbs/3/2/1/large2"),
        )
    ),
    "photoshelter": tuple(
        f"https://{host}/{path}/I0000{{b12}}/{size}/{{w}}-{{n3}}.jpg"
        for host, path, size in (
            ("ssl.c.photoshelter.com", "img-get2", "fit=1000x750"),
            ("cdn.c.photoshelter.com", "img-get", "s/750/750"),
            ("m.psecn.photoshelter.com", "img-get", "t/200"),
            ("ssl.c.photoshelter.com", "img-get2", "fill=300x300"),
            ("www.photoshelter.com", "img-get", "s/500/500"),
            ("ssl.c.photoshelter.com", "img-get2", "fit=600x600/g=G0000.2tCQjna7Uo"),
        )
    ),
    "smugmug": tuple(
        f"https://photos.smugmug.com/{{w}}/i-{{b7}}/{rest}"
        for rest in (
            "0/71e04705/L/{w}-L.jpg",
            "0/71e04705/XL/{w}-XL.jpg",
            "0/O/i-x.jpg",
            "1/Th/{w}-Th.jpg",
            "0/4e92bd84/S/{w}-S.jpg",
            "0/X3/{w}-X3.jpg",
        )
    ),
    "weheartit": tuple(
        f"https://data.whicdn.com/images/{{n}}/{name}"
        for name in (
            "original.jpg",
            "large.jpg",
            "superthumb.jpg?t=1574678669",
            "thumb.jpg",
            "large.png",
            "superthumb.png",
        )
    ),
    "wix": tuple(
        f"https://static.wixstatic.com/media/{{g6}}_{{h}}{rest}"
        for rest in (
            "~mv2.jpg",
            "~mv2.jpg/v1/fill/w_453,h_340,fp_0.50_0.50,q_30/x~mv2.jpg",
            "~mv2.jpg/v1/fit/w_607,h_607,q_90/x.jpg",
            ".jpg_srz_300_400_85_22_0.50_1.20_0.00_jpg_srz",
            "~mv2_d_2144_2526_s_2.jpg/v1/fill/w_250,h_294,al_c,q_90/y.webp",
            ".jpg_256",
        )
    ),
    "google": tuple(
        f"{host}/-E-{{b8}}/{{b11}}/AAAAAAAABK8/{{b22}}/{size}{{w}}_{{w}}.jpg{query}"
        for host, size, query in (
            ("http://1.bp.blogspot.com", "s1600/", ""),
            ("https://1.bp.blogspot.com", "s640/", ""),
            ("https://lh3.googleusercontent.com", "w737-h553-no/", ""),
            ("http://lh4.ggpht.com", "", "?imgmax=800"),
            ("https://lh5.googleusercontent.com", "s72-c/", ""),
            ("https://3.bp.blogspot.com", "s1600-h/", ""),
        )
    ),
    "google token": tuple(
        f"https://lh{n}.googleusercontent.com/{{b60}}{size}"
        for n, size in (
            (3, ""),
            (4, "=s320"),
            (5, "=w640-h480-p"),
            (6, "=s180-c"),
            (3, "=w1200-h630-p-k-no-nu"),
            (3, "=d"),
        )
    ),
    "booru": (
        "https://cdn.donmai.us/original/d3/4d/{h}.jpg",
        "https://cdn.donmai.us/sample/d3/4d/sample-{h}.jpg",
        "https://cdn.donmai.us/original/d3/4d/__fox_drawn_by_{w}__{h}.png",
        "https://img3.gelbooru.com/images/d3/4d/{h}.jpg",
        "https://img3.gelbooru.com//samples/d3/4d/sample_{h}.jpg",
        "https://safebooru.org/thumbnails/12/thumbnail_{h}.jpg",
    ),
    "zerochan": tuple(
        f"https://{host}.zerochan.net/{path}.{{n}}.jpg"
        for host, path in (
            ("s1", "240/05/12/Fox"),
            ("s3", "Fox.240"),
            ("static", "Fox.full"),
            ("s4", "600/05/12/Fox"),
            ("s2", "Fox.600"),
            ("static", "full/05/Fox"),
        )
    ),
    "redbubble": tuple(
        f"http://ih{n}.redbubble.net/image.{{n}}.8791/{product}.jpg"
        for n, product in (
            (1, "flat,135x135,075,t"),
            (0, "flat,800x800,075,f"),
            (1, "fp,220x200,black,off_white,box20,s"),
            (1, "raf,750x1000,075,t"),
            (0, "poster,504x498"),
            (1, "pp,550x550"),
        )
    ),
    "society6": tuple(
        f"https://ctl.s6img.com/society6/img/{{b27}}/{size}/{product}/~artwork/s6-0018/a/{{n}}_2246390.jpg"
        for size, product in (
            ("w_200,h_200", "vneck-tshirts/women/greybg/white"),
            ("w_700", "prints"),
            ("h_264,w_264", "framed-prints/10x12/scoop-white"),
            ("w_1500", "mugs"),
            ("w_550", "cases"),
            ("h_232,w_232", "pillows"),
        )
    ),
    "cafepress": tuple(
        f"http://i{n}.cpcache.com/product/{{n9}}/{{w}}_{name}.jpg{query}"
        for n, name, query in (
            (1, "tee", "?color=White&amp;height=225&amp;width=225"),
            (3, "tee", ""),
            (1, "mug", "?height=150&width=150"),
            (2, "tile", "?width=480"),
            (0, "tee", "?side=Front"),
            (1, "cap", "?color=Black"),
        )
    ),
    "zazzle": tuple(
        f"http://rlv.zcache.{tld}/{{w}}_{name}-r{{h}}_{style}_{size}.jpg"
        for tld, name, style, size in (
            ("com", "print", "2ixs_8byvr", 324),
            ("ca", "magnet", "x7js9_8byvr", 216),
            ("com.au", "magnet", "x7j3u_8byvr", 152),
            ("co.uk", "card", "6gduf", 324),
            ("com", "print", "2ixs_8byvr", 512),
            ("de", "poster", "abc", 100),
        )
    ),
    "fineartamerica": (
        "https://render.fineartamerica.com/images/rendered/search/print/images-medium-5/{w}-{w}-{w}-de-{w}.jpg",
        "http://images.fineartamerica.com/images-medium-large/{w}-{w}-{w}-de-{w}.jpg",
        "https://images.fineartamerica.com/images/artworkimages/mediumlarge/1/{w}-{w}-{w}-de-{w}.jpg",
        "https://render.fineartamerica.com/images/rendered/small/poster/images-square-real-5/{w}-{w}-{w}-de-{w}.jpg",
        "https://images.fineartamerica.com/images-medium-large-5/{w}-{w}-{w}-de-{w}.jpg",
        "https://images.fineartamerica.com/images-medium/{w}-{w}-{w}-de-{w}.jpg",
    ),
    "wordpress": (
        "https://{w}-{w}.example/wp-content/uploads/2017/03/{w}-{n3}.jpg",
        "http://www.{w}-{w}.example/wp-content/uploads/2017/03/{w}-{n3}-300x200.jpg",
        "https://{w}-{w}.example/wp-content/uploads/2017/03/{w}-{n3}-scaled.jpg",
        "https://{w}-{w}.example/wp-content/uploads/2017/03/{w}-{n3}-e1513012345678-1024x683.jpg",
        "https://{w}-{w}.example/wp-content/uploads/2017/03/{w}-{n3}-300x200@2x.jpg",
        "https://{w}-{w}.example/wp-content/uploads/2017/03/{w}-{n3}-rotated.jpg?fit=640%2C480&ssl=1",
    ),
    "photon": (
        "https://{w}-{w}.example/wp-content/uploads/2019/07/{w}-{n3}.jpg",
        *(form.format("{w}-{w}.example/wp-content/uploads/2019/07/{w}-{n3}.jpg") for form in _PHOTON),
        "https://i0.wp.com/www.{w}-{w}.example/wp-content/uploads/2019/07/{w}-{n3}-150x150.jpg?zoom=2",
        "https://i0.wp.com/i1.wp.com/{w}-{w}.example/wp-content/uploads/2019/07/{w}-{n3}.jpg",
    ),
    "wordpress.com": tuple(
        f"https://{{w}}{{w}}.files.wordpress.com/2014/10/{{w}}_{{n4}}.jpg{query}"
        for query in ("", "?w=480&h=320", "?w=255&", "?w=150&h=150&crop=1", "?w=1024", "?quality=80&strip=info")
    ),
    "squarespace": tuple(
        f"https://{host}/{path}/{{g24}}/1553479814818-{{A20}}/{rest}"
        for host, path, rest in (
            ("images.squarespace-cdn.com", "content/v1", "ke17ZwdGBToddI8pDm48kDVgVch31QVexHESfgXAoIF7/{w}.jpg"),
            ("images.squarespace-cdn.com", "content/v1", "ke17ZwdGBToddI8pDm48kCiC6x0kNpxli/{w}.jpg?format=1000w"),
            ("images.squarespace-cdn.com", "content/v1", "{w}.jpg?format=500w"),
            ("images.squarespace-cdn.com", "content", "{w}.jpg?content-type=image%2Fjpeg"),
            ("static1.squarespace.com", "static", "{w}.jpg?format=2500w"),
            ("images.squarespace-cdn.com", "content/v1", "{w}.jpg"),
        )
    ),
    "reddit": tuple(
        f"https://{host}/{path}{{r13}}.{rest}"
        for host, path, rest in (
            ("i.redd.it", "", "jpg"),
            ("preview.redd.it", "", "jpg?width=640&auto=webp&s=1a2b"),
            ("preview.redd.it", "a-red-fox-v0-", "jpg?width=1080&crop=smart&s=aa"),
            ("i.redd.it", "", "png"),
            ("preview.redd.it", "", "jpg?width=320&crop=smart&auto=webp"),
            ("preview.redd.it", "", "png?width=216&format=png8"),
        )
    ),
    "imgur": tuple(
        f"https://i.imgur.com/{{b7}}{size}.jpg{query}"
        for size, query in (("", ""), ("s", ""), ("l", ""), ("h", ""), ("", "?1"), ("m", "?fb"))
    ),
    "unsplash": tuple(
        f"https://images.unsplash.com/photo-{{n13}}-{{g12}}?{query}"
        for query in (
            "ixlib=rb-1.2.1&w=1000&q=80",
            "w=400&fit=crop",
            "auto=format&fit=crop&w=500&h=500",
            "ixid=Mnwx&dpr=2",
            "q=80&fm=jpg&crop=entropy&cs=tinysrgb&w=1080",
            "w=50",
        )
    ),
    "imgix": tuple(
        f"https://{{w}}.imgix.net/uploads/{{n}}/{{w}}.jpg{query}"
        for query in (
            "",
            "?w=160&h=120&auto=compress,enhance,format&fit=clip",
            "?fit=crop&w=300",
            "?auto=format%2Ccompress&crop=top&fit=crop&h=306&q=80&w=409&ixlib=rails-0.3.0",
            "?dpr=2&w=640",
            "?w=1200&fm=webp",
        )
    ),
    "shopify": tuple(
        f"https://cdn.shopify.com/s/files/1/3096/6448/products/{{w}}_{{w}}{{n3}}{size}.jpg?v=1575390378"
        for size in (
            "",
            "_480x480",
            "_300x",
            "_grande",
            "_1024x1024@2x",
            "_x600",
            "_200x200_crop_center",
            "_600x.progressive",
        )
    ),
    "shopify shop": tuple(
        f"https://{{w}}-{{w}}.example/cdn/shop/products/{{w}}{{n3}}{rest}"
        for rest in (
            ".jpg?v=1479962684",
            "_600x.jpg?v=1479962684",
            "_300x300.jpg",
            ".jpg?v=1&width=533",
            "_1024x1024.jpg?v=147",
            "_grande.jpg",
        )
    ),
    "cloudinary": tuple(
        f"http://res.cloudinary.com/{{w}}/image/upload/{transformation}{{w}}/{{w}}_{{n}}.jpg"
        for transformation in (
            "",
            "v1471367013/",
            "w_300,h_200,c_fill/",
            "q_auto/ar_4:3,c_fill,g_faces:center,w_1200/v1471367013/",
            "c_limit,f_auto,w_640/",
            "t_hero/v1471367013/",
            "s--QWLIwPo0--/c_scale,w_500/",
        )
    ),
    "mediawiki": tuple(
        f"https://upload.wikimedia.org/wikipedia/commons/{path}"
        for path in (
            "d/d5/{w}_{n4}.jpg",
            "thumb/d/d5/{w}_{n4}.jpg/120px-{w}_{n4}.jpg",
            "thumb/d/d5/{w}_{n4}.jpg/512px-{w}_{n4}.jpg",
            "thumb/d/d5/{w}_{n4}.jpg/800px-{w}_{n4}.jpg.webp",
            "thumb/d/d5/{w}_{n4}.jpg/page1-200px-{w}_{n4}.jpg",
            "d/d5/{w}_{n4}.jpg?20110512123456",
        )
    ),
    "fandom": tuple(
        f"https://{host}.nocookie.net/{{w}}/images/d/de/{{w}}_{{n4}}.jpg/revision/latest{rest}"
        for host, rest in (
            ("vignette.wikia", "?cb=2008"),
            ("vignette4.wikia", "/scale-to-width-down/164?cb=2019"),
            ("static.wikia", ""),
            ("vignette3.wikia", "/top-crop/width/300/height/300?cb=20"),
            ("static.wikia", "/scale-to-width-down/350"),
            ("images.wikia", "/smart/width/250/height/250"),
        )
    ),
    "magento": tuple(
        f"https://{{w}}-{{w}}.example/media/catalog/product/{cache}s/o/{{w}}_{{n4}}.jpg"
        for cache in (
            "",
            "cache/1/small_image/210x/138396102e97653576173638bed60ccc/",
            "cache/1/thumbnail/430x/9df78eab33525d08d6e5fb8d27136e95/",
            "cache/9df78eab33525d08d6e5fb8d27136e95/",
            "cache/1/image/9df78eab33525d08d6e5fb8d27136e95/",
            "cache/2/image/600x600/9df78eab33525d08d6e5fb8d27136e95/",
        )
    ),
    "opencart": tuple(
        f"https://{{w}}-{{w}}.example/image/{path}.jpg"
        for path in (
            "catalog/{w}/{w}-{n4}",
            "cache/catalog/{w}/{w}-{n4}-250x167",
            "cache/catalog/{w}/{w}-{n4}-300x300",
            "cache/data/{w}/{w}-{n4}-80x80",
            "data/{w}/{w}-{n4}",
            "cache/catalog/{w}/{w}-{n4}-1000x1000",
        )
    ),
    "bigcommerce": tuple(
        f"https://cdn{n}.bigcommerce.com/s-{{r8}}/{path}"
        for n, path in (
            (11, "images/stencil/500x659/products/{n4}/{n5}/{w}__24285.1492239621.PNG?c=2"),
            (6, "images/stencil/1280x1280/products/{n4}/{n5}/{w}__24285.1492239621.jpg?c=2"),
            (8, "products/{n4}/images/{n5}/{w}__24285.1492239621.356.300.jpg?c=2"),
            (11, "images/stencil/160w/products/{n4}/{n5}/{w}__24285.1492239621.jpg"),
            (10, "images/stencil/original/products/{n4}/{n5}/{w}__24285.1492239621.jpg"),
            (2, "products/{n4}/images/{n5}/{w}__24285.1492239621.1280.1280.jpg"),
        )
    ),
    "alicdn": tuple(
        f"https://{host}.alicdn.com/kf/HTB1{{b33}}{rest}"
        for host, rest in (
            ("ae01", "/Red-Fox-Print.jpg"),
            ("sc01", "/Fox-Poster.jpg_300x300.jpg"),
            ("ae01", ".jpg"),
            ("ae02", ".jpg_220x220q90.jpg"),
            ("sc02", "/Fox-Poster.jpg"),
            ("ae01", "/x.jpg_.webp"),
        )
    ),
    "alibaba": tuple(
        f"https://cbu01.alicdn.com/img/ibank/2016/466/045/{{n10}}_{{n9}}{rest}"
        for rest in (".jpg", ".220x220.jpg", ".jpg_400x400.jpg", ".310x310.jpg", ".jpg_60x60q90.jpg", ".jpg_.webp")
    ),
    "scene7": tuple(
        f"https://s7d2.scene7.com/is/image/{{w}}/{{w}}_{{n}}{rest}"
        for rest in (
            "",
            "?wid=220&hei=293",
            "?$prod_grid3$",
            "?fmt=jpg&qlt=80&wid=600",
            "?scl=1",
            "?hei=150&op_sharpen=1&resMode=sharp2",
        )
    ),
    "tripadvisor": tuple(
        f"https://media-cdn.tripadvisor.com/media/{size}/{{t}}/{name}.jpg"
        for size, name in (
            ("photo-s", "hotel-card"),
            ("photo-l", "hotel-stay"),
            ("photo-o", "fox"),
            ("photo-w", "x"),
            ("photo-t", "y"),
            ("photo-f", "z"),
        )
    ),
    "muscache": tuple(
        f"https://{host}.muscache.com/im/pictures/{{u}}.jpg{query}"
        for host, query in (
            ("a0", "?aki_policy=large"),
            ("a2", "?aki_policy=x_medium"),
            ("a0", ""),
            ("a1", "?im_w=720"),
            ("a0", "?aki_policy=poster"),
            ("z1", "?im_w=1200"),
        )
    ),
    "gannett": tuple(
        f"https://www.gannett-cdn.com/{path}local/-/media/2018/04/19/{{w}}/{{n13}}-{{w}}.jpg{query}"
        for path, query in (
            ("-mm-/c6c6a657947fc34f8e026a45dcf4598ec9f2e0e0/c=226-0-3773-2667/", "?width=540&height=405&fit=crop"),
            ("-mm-/affb14348eb6b78912be30a9eb5240c663080943/c=0-0-2996-1693&r=x335&c=590x332/", ""),
            ("-mm-/0c4d1bdd145571693a649a1ad25f8df1c95a03d1/", "?width=300"),
            (
                "-mm-/0c4d1bdd145571693a649a1ad25f8df1c95a03d1/c=0-116-1400-1983/",
                "?width=300&height=401&fit=crop&format=pjpg&auto=webp",
            ),
            ("", "?width=540"),
            ("", ""),
        )
    ),
    "iiif": tuple(
        f"https://{{w}}.example/iiif/2/{{w}}:{{n}}/{region}/{size}/0/{quality}"
        for region, size, quality in (
            ("full", "!256,256", "native.jpg"),
            ("full", "full", "default.jpg"),
            ("square", "200,", "default.jpg"),
            ("full", "pct:50", "default.png"),
            ("10,10,500,500", "300,300", "default.jpg"),
            ("full", "max", "gray.jpg"),
        )
    ),
    "cloudflare": (
        "https://{w}-{w}.example/media/{w}-{n}.jpg",
        *tuple(
            f"https://{{w}}-{{w}}.example/cdn-cgi/image/{options}/media/{{w}}-{{n}}.jpg"
            for options in (
                "width=80,quality=75",
                "fit=cover,width=300,height=300",
                "w=640",
                "format=auto",
                "width=1200,format=webp",
            )
        ),
    ),
    "proxies": (
        "https://{w}-{w}.example/art/{w}_{n}.jpg",
        *tuple(
            form.format("{w}-{w}.example/art/{w}_{n}.jpg")
            for form in (
                "https://images.weserv.nl/?url={}&w=300",
                "https://s.yimg.com/ny/api/res/1.2/1VpgiURpWnFhi19Tod7KwQ--/YXBwaWQ9/https://{}",
                "https://proxy.example/img.php?src=https%3A%2F%2F{}&w=325",
                "http://resize.over-blog.com/400x400-ct.jpg?https://{}",
                "https://web.archive.org/web/20160510160546im_/http://{}",
                "https://imagesvc.example/v3/mm/image?url=https://{}",
                "https://x.cloudimg.io/s/resizeinbox/80x80/http://{}",
            )
        ),
    ),
    "next.js": (
        *tuple(
            f"https://{{w}}-{{w}}.example/_next/image?url=%2Fart%2F{{w}}_{{n}}.jpg&w={width}&q=75"
            for width in (64, 640, 750, 1080, 1920)
        ),
        "https://{w}-{w}.example/art/{w}_{n}.jpg",
    ),
    "size query": tuple(
        f"https://{{w}}-{{w}}.example/media/{{w}}/{{w}}_{{n}}.jpg{query}"
        for query in (
            "",
            "?w=640&h=480",
            "?width=300",
            "?resize=400,300&quality=80",
            "?itok=abcd1234",
            "?v=3&size=large",
            "?1556317490",
        )
    ),
    "size in the name": tuple(
        f"http://{{w}}-{{w}}.example/images/{{w}}-{{w}}-{{n}}{size}.jpg"
        for size in ("", "-300x200", "-1024x768", "_150x150", "-640x480@2x", "-80x80")
    ),
    "bing": tuple(
        f"https://tse{n}.mm.bing.net/th?id=OIP.{{b22}}HaE8{rest}"
        for n, rest in (
            (1, ""),
            (2, "&w=300&h=200"),
            (3, "&pid=15.1"),
            (4, "&pid=Api&P=0&w=300"),
            (1, "&w=105&h=106&c=7&rs=1"),
            (2, "&qlt=90"),
        )
    ),
    "gstatic": tuple(
        f"https://{host}.gstatic.com/images?q=tbn:ANd9Gc{{b47}}{rest}"
        for host, rest in (
            ("t0", ""),
            ("encrypted-tbn0", ""),
            ("encrypted-tbn3", "&s"),
            ("t2", "&usqp=CAU"),
            ("encrypted-tbn1", "&w=100"),
            ("t3", "&s=10"),
        )
    ),
    "instagram": tuple(
        f"https://{host}/{path}{{n8}}_{{n15}}_{{n17}}_n.jpg?{query}"
        for host, path, query in (
            ("scontent.cdninstagram.com", "t51.2885-15/e35/", "ig_cache_key=x"),
            ("scontent-a.cdninstagram.com", "t51.2885-15/s640x640/e35/", ""),
            ("scontent.fna.fbcdn.net", "v/t1.0-9/", "oh=1"),
            ("scontent-b.cdninstagram.com", "t51.2885-15/s150x150/c0.90.720.720a/", ""),
            ("scontent.xx.fbcdn.net", "t1.0-9/p720x720/", "oe=2"),
            ("instagram.fna.fbcdn.net", "t51.2885-15/e35/s480x480/", ""),
        )
    ),
    "bilibili": tuple(
        f"https://i{n}.hdslb.com/bfs/archive/{{x}}.jpg{rest}"
        for n, rest in (
            (0, ""),
            (1, "@300w_200h.webp"),
            (2, "@.webp"),
            (0, "@320w_200h_1c.jpg"),
            (1, "@672w_378h_1c"),
            (2, "@100w.png"),
        )
    ),
    "yelp": tuple(
        f"https://s3-media{n}.fl.yelpcdn.com/bphoto/{{b22}}/{name}.jpg"
        for n, name in ((1, "o"), (2, "l"), (3, "ls"), (4, "348s"), (1, "258s"), (2, "ms"))
    ),
    **FURTHER_FORMS,
}


def _values(rng: random.Random) -> dict[str, str]:
    base62, hexes, upper = (
        string.ascii_letters + string.digits,
        "0123456789abcdef",
        string.ascii_uppercase + string.digits,
    )

    def some(alphabet: str, count: int) -> str:
        return "".join(rng.choices(alphabet, k=count))

    values = {
        f"b{count}": some("abcdefgh" + base62, count) for count in (7, 8, 11, 12, 15, 19, 22, 27, 30, 32, 33, 47, 60)
    }
    values["b30"] = "1040g" + some(string.ascii_lowercase + string.digits, 25)
    values |= {
        f"n{count}": str(rng.randrange(10 ** (count - 1), 10**count))
        for count in (3, 4, 5, 6, 8, 9, 10, 12, 13, 15, 17)
    }
    values |= {f"g{count}": some(hexes, count) for count in (2, 6, 12, 24)}
    nine = some(string.digits, 9)
    return values | {
        "n": str(rng.randrange(10**7, 10**8)),
        "h": some(hexes, 32),
        "x": some(hexes, 40),
        "u": "-".join(some(hexes, count) for count in (8, 4, 4, 4, 12)),
        "d": "d" + some(string.ascii_lowercase + string.digits, 6),
        "w": some(string.ascii_lowercase, rng.randrange(4, 9)),
        "p": f"{nine[:3]}/{nine[3:6]}/{nine[6:]}",
        "g": some(hexes, 14),
        "t": "/".join(some(hexes, 2) for _ in range(4)),
        "A7": some(upper, 7),
        "A20": some(upper, 20),
        "r8": some(string.ascii_lowercase + string.digits, 8),
        "r13": some(string.ascii_lowercase + string.digits, 13),
        "b": some(base62, 11),
    }


@cache
def assets(family: str, count: int) -> tuple[tuple[str, ...], ...]:
    """The URLs of each of ``count`` assets of a family."""
    rng = random.Random(f"20261122 {family}")
    drawn = [_values(rng) for _ in range(count)]
    return tuple(tuple(form.format(**values) for form in FORMS[family]) for values in drawn)
