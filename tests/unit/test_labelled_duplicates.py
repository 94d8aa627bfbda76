"""Rows of LAION-5B that people labelled as duplicates, under the different URLs that they really have there.

A selection from LAION-AI/image-deduplication-testset (dedup-test.html, annotations.py): neighbours of one picture whose addresses differ.
"""

import itertools

import pytest

from scanner.urls import asset_key

GROUPS = (
    (
        "https://thumbs.ebaystatic.com/images/g/DYEAAOSwMHdXR0Vh/s-l225.jpg",
        "https://i.ebayimg.com/thumbs/images/g/DYEAAOSwMHdXR0Vh/s-l225.jpg",
    ),
    (
        "https://i.pinimg.com/236x/db/1b/7c/db1b7c0488281bf818f280c0afc638af--apartment-furniture-media-consoles.jpg",
        "https://i.pinimg.com/236x/db/1b/7c/db1b7c0488281bf818f280c0afc638af.jpg",
    ),
    (
        "https://i.pinimg.com/736x/36/e3/e9/36e3e95a5ac64081f1babe01455e3c94--jackson-pollock-bye-bye.jpg",
        "https://i.pinimg.com/564x/36/e3/e9/36e3e95a5ac64081f1babe01455e3c94.jpg",
        "https://i0.wp.com/media-cache-ec0.pinimg.com/736x/36/e3/e9/36e3e95a5ac64081f1babe01455e3c94.jpg",
    ),
    (
        "https://findingblanche.files.wordpress.com/2013/07/photo4-1.jpg?w=764&",
        "https://findingblanche.files.wordpress.com/2013/07/photo4-1.jpg",
    ),
    (
        "https://voltarivoltar.files.wordpress.com/2013/12/restaurante-las-rejas-10-12-imp.jpg?w=512&",
        "https://voltarivoltar.files.wordpress.com/2013/12/restaurante-las-rejas-10-12-imp.jpg?w=512&h=375",
    ),
    (
        "http://cdn.pastemagazine.com/www/articles/2011/02/04/benaffleck.jpg?635339351410282708",
        "http://cdn.pastemagazine.com/www/articles/2011/02/04/benaffleck.jpg?635422387554011115",
        "https://cdn.pastemagazine.com/www/articles/2011/02/04/benaffleck.jpg",
    ),
    (
        "https://d191rasf5b54b9.cloudfront.net/0003409_0.jpeg;u=637527836993970000;quality=90;maxwidth=510;maxheight=510",
        "https://d191rasf5b54b9.cloudfront.net/0003409_0.jpeg;u=637576139297070000;quality=90;maxwidth=510;maxheight=510",
    ),
    (
        "https://m.media-amazon.com/images/I/51ypSjIMXNL.jpg",
        "https://m.media-amazon.com/images/I/51ypSjIMXNL._SL500_.jpg",
    ),
    (
        "http://static6.depositphotos.com/1000292/539/i/170/depositphotos_5395833-Beautiful-happy-smiling-woman-in-kitchen-interior..jpg",
        "http://static6.depositphotos.com/1000292/539/i/110/depositphotos_5395833-beautiful-happy-smiling-woman-in-kitchen-interior..jpg",
    ),
    (
        "https://thumbs.dreamstime.com/t/frau-der-k%C3%BCche-mit-flapjacks-auf-platten-19136697.jpg",
        "https://thumbs.dreamstime.com/t/woman-kitchen-flapjacks-plates-19136697.jpg",
    ),
    (
        "http://sc01.alicdn.com/kf/HTB1E7fDKFXXXXbwXXXXq6xXFXXXq/4x8-galvanized-corrugated-steel-sheet.jpg_200x200.jpg",
        "http://sc01.alicdn.com/kf/HTB1E7fDKFXXXXbwXXXXq6xXFXXXq/4x8-galvanized-corrugated-steel-sheet.jpg",
    ),
    (
        "https://riverisland.scene7.com/is/image/RiverIsland/827860_main?$CrossSellProductPage300$&locale=en",
        "https://riverisland.scene7.com/is/image/RiverIsland/827860_main?wid=1200",
    ),
    (
        "https://cdn2.shopify.com/s/files/1/1531/1077/products/Deeko-mage-tshirt-orange_2324bef2-8d85-48e7-8258-402c1b453ae2_1024x1024.jpg?v=1482014449",
        "https://cdn.shopify.com/s/files/1/1531/1077/products/Deeko-mage-tshirt-orange_2324bef2-8d85-48e7-8258-402c1b453ae2_large.jpg?v=1482014449",
    ),
    (
        "https://tshirtclassic.com/wp-content/uploads/2020/01/Never-underestimate-a-woman-who-understands-football-Ravens-Hoodie-510x510.png",
        "https://tshirtclassic.com/wp-content/uploads/2020/01/Never-underestimate-a-woman-who-understands-football-Ravens-Hoodie.png",
    ),
    (
        "http://www.myconfinedspace.com/wp-content/uploads/tdomf/193469/total_art_match.jpg",
        "https://i0.wp.com/www.myconfinedspace.com/wp-content/uploads/tdomf/193469/total_art_match.jpg?w=3890&ssl=1",
    ),
    (
        "https://i0.wp.com/upload.wikimedia.org/wikipedia/commons/thumb/0/0f/Athens-Kiffisia-aerial.jpg/300px-Athens-Kiffisia-aerial.jpg",
        "https://upload.wikimedia.org/wikipedia/commons/thumb/0/0f/Athens-Kiffisia-aerial.jpg/970px-Athens-Kiffisia-aerial.jpg",
        "https://upload.wikimedia.org/wikipedia/commons/0/0f/Athens-Kiffisia-aerial.jpg",
    ),
    (
        "http://rlv.zcache.com/thanksgiving_turkey_postcard-r7731ee14dc3b4a3a9fa17c6ffe712630_vgbaq_8byvr_152.jpg",
        "http://rlv.zcache.com/thanksgiving_turkey_postcard-r7731ee14dc3b4a3a9fa17c6ffe712630_vgbaq_8byvr_216.jpg",
    ),
    (
        "https://rlv.zcache.jp/%e3%83%88%e3%83%ab%e3%82%b3%e3%81%ae%e7%b5%b5%e7%94%bb_%e3%82%ab%e3%83%bc%e3%83%89-r560a9f8d5d634fa78d69865150c9336d_zk91i_324.jpg?rlvnet=1",
        "https://rlv.zcache.com/turkey_painting_card-r560a9f8d5d634fa78d69865150c9336d_zk91i_324.jpg?rlvnet=1",
    ),
    (
        "https://img1.etsystatic.com/000/0/5399195/il_fullxfull.275024581.jpg",
        "https://img1.etsystatic.com/000/0/5399195/il_570xN.275024581.jpg",
        "https://i0.wp.com/img1.etsystatic.com/000/0/5399195/il_fullxfull.275024581.jpg?strip=all",
    ),
    (
        "https://ssl.c.photoshelter.com/img-get2/I000077m4OTj6kVM/fit=1000x750/g=G0000VRuqVSITGKI/180812-Clayton-Ballooning-0360.jpg",
        "https://m.psecn.photoshelter.com/img-get2/I000077m4OTj6kVM/fit=/fill=180x180/g=G0000VRuqVSITGKI/I000077m4OTj6kVM.jpg",
    ),
    (
        "http://tse2-2.mm.bing.net/th?id=OIP.AGL4AggZM5Y8YLUWBcDSqQHaHa",
        "http://tse2.mm.bing.net/th?id=OIP.AGL4AggZM5Y8YLUWBcDSqQHaHa",
    ),
    (
        "http://smythson.scene7.com/is/image/Smythson/1011644?$small_image$&defaultImage=defaultImage&wid=265",
        "http://smythson.scene7.com/is/image/Smythson/1011644?$small_image$&defaultImage=defaultImage&wid=265&hei=265",
    ),
    (
        "https://madegar.com/blog/wp-content/uploads/puerta-de-interior-clasica-lacada-blanca-r-genal-4vc.jpg",
        "https://madegar.com/blog/wp-content/uploads/puerta-de-interior-clasica-lacada-blanca-r-genal-4vc-480x480.jpg",
    ),
)

APART = (
    "http://media.rightmove.co.uk/dir/hips/epcgraphs/35k/34283/62494579/34283_YAR170269_EPCGRAPH_01_0000_max_135x100.png",
    "http://media.rightmove.co.uk/dir/hips/epcgraphs/22k/21686/67219580/21686_BOD160173_EPCGRAPH_02_0000_max_135x100.png",
    "https://thumbs.dreamstime.com/t/woman-kitchen-flapjacks-plates-19136696.jpg",
    "https://i.ebayimg.com/thumbs/images/g/T2YAAOSwq~tZS5yf/s-l225.jpg",
    "https://t1.ftcdn.net/jpg/00/58/35/34/240_F_58353474_MdZWppqc0jAqgYYqEBTb7sVDJYo2npI0.jpg",
    "https://t2.ftcdn.net/jpg/00/58/35/35/240_F_58353522_3plS29kylx1KZQ0lU6pYHuCAhUINvCSp.jpg",
    "https://cdn.shopify.com/s/files/1/2996/5598/products/e50c7f91-054e-422a-9d6e-28a9b4119427_700x700.png?v=1571729097",
    "https://cdn.shopify.com/s/files/1/2996/5598/products/e50c7f91-054e-422a-9d6e-28a9b4119427_809663e0-94f6-4650-846d-4040548873b5_700x700.png?v=1571729097",
    "https://cdn5.vectorstock.com/i/thumbs/23/09/christmas-vintage-greeting-card-vector-15152309.jpg",
    "https://cdn4.vectorstock.com/i/thumbs/44/73/christmas-background-with-forest-vector-23264473.jpg",
    "https://img.ecartelera.com/img/59000/59067_cv04.jpg",
    "https://img.ecartelera.com/img/59000/59067_cv03.jpg",
    "https://thevloggingtech.com/wp-content/uploads/2020/08/Canon-EOS-5D-Mark-IV-1024x683.jpg",
    "https://thevloggingtech.com/wp-content/uploads/2020/06/Canon-EOS-5D-Mark-IV-1024x683.jpg",
    "https://apollo-singapore.akamaized.net:443/v1/files/dvb3xjlv2n6m1-IN/image;s=272x0",
    "https://apollo-singapore.akamaized.net:443/v1/files/x30epvb5ydfo1-IN/image;s=272x0",
)


def identity_of(url: str) -> tuple[str, str, str]:
    key = asset_key(url)
    assert key is not None
    return key.identity


@pytest.mark.parametrize("urls", GROUPS)
def test_rows_that_people_labelled_as_duplicates_have_one_key(urls: tuple[str, ...]) -> None:
    assert len({identity_of(url) for url in urls}) == 1


def test_different_pictures_among_them_stay_apart() -> None:
    urls = [group[0] for group in GROUPS] + list(APART)
    for first, second in itertools.combinations(urls, 2):
        assert identity_of(first) != identity_of(second)
