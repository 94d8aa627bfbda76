"""Asset keys: each false-merge trap of identity.md section 5 by name, and what a key says about the rendition."""

import pytest

from scanner.urls import AssetKey, asset_key
from scanner.urls.families import RULES


def key_of(url: str) -> AssetKey:
    key = asset_key(url)
    assert key is not None
    return key


def same(first: str, second: str) -> bool:
    return key_of(first).identity == key_of(second).identity


def test_a_thumb_host_whose_query_is_the_picture_keeps_its_query() -> None:
    assert not same(
        "https://tse1.mm.bing.net/th?id=OIP.aaaaaaaa&w=300", "https://tse1.mm.bing.net/th?id=OIP.bbbbbbbb&w=300"
    )
    assert not same("https://t0.gstatic.com/images?q=tbn:ANd9GcQaaa", "https://t0.gstatic.com/images?q=tbn:ANd9GcQbbb")
    assert not same("http://e.example/thumb?q=5&w=300", "http://e.example/thumb?q=6&w=300")
    assert same("http://e.example/thumb?id=5&w=300", "http://e.example/thumb?id=5&w=640&h=480")


def test_a_bucket_of_amazon_is_no_picture_number() -> None:
    prefix = "https://images-na.ssl-images-amazon.com/images/S/cmx-images-prod/"
    assert not same(prefix + "Series/4684/a._SX312_QL80_TTD_.jpg", prefix + "Item/257915/a._SX312_QL80_TTD_.jpg")


def test_two_pictures_behind_one_resizer_stay_two() -> None:
    resizer = "http://resize.over-blog.com/400x400-ct.jpg?https://img.over-blog.com/"
    assert not same(resizer + "one.jpg", resizer + "two.jpg")


def test_a_bare_query_is_dropped_only_if_it_is_a_cache_buster() -> None:
    assert same("http://e.example/a.jpg", "http://e.example/a.jpg?1556317490")
    assert same("http://e.example/a.jpg", "http://e.example/a.jpg?6f71107bead7921d03fa7dc3e4ac4b9a")
    assert not same("http://e.example/a.jpg", "http://e.example/a.jpg?fox")


def test_a_number_behind_a_short_parameter_is_no_size() -> None:
    assert not same("http://e.example/show.jpg?c=12345", "http://e.example/show.jpg?c=12346")
    assert not same("http://e.example/show.jpg?p=31", "http://e.example/show.jpg?p=32")
    assert same("http://e.example/a.jpg?c=2", "http://e.example/a.jpg")


def test_a_signature_of_a_size_is_no_part_of_the_picture() -> None:
    signed = "https://e.example/a.jpg?w=300&s=0123456789abcdef0123456789abcdef"
    assert same(signed, "https://e.example/a.jpg")
    assert "0123456789abcdef" not in key_of(signed).text


def test_frames_and_pages_of_one_post_stay_apart() -> None:
    prefix = "https://i.pximg.net/img-original/img/2019/05/06/00/00/01/74567890"
    assert not same(f"{prefix}_p0.png", f"{prefix}_p1.png")
    assert not same(f"{prefix}_ugoira0.jpg", f"{prefix}_ugoira7.jpg")
    assert not same("http://img12.pixiv.net/img/ada/12345_p0.jpg", "http://img12.pixiv.net/img/ada/12345_p1.jpg")
    shot = "https://cdn.dribbble.com/users/1/screenshots/345678"
    assert not same(f"{shot}/media/a.png", f"{shot}/attachments/1/b.png")


def test_a_path_under_another_domain_of_a_like_name_is_another_asset() -> None:
    path = "/s/files/1/1/1/products/fox.jpg"
    assert same(f"https://cdn2.shopify.com{path}", f"https://cdn.shopify.com{path}")
    assert not same(f"https://cdn.shopify.com.evil.example{path}", f"https://cdn.shopify.com{path}")
    assert not same(
        "https://xres-1.cloudinary.com/a/image/upload/b.jpg", "https://res.cloudinary.com/a/image/upload/b.jpg"
    )


def test_a_folder_that_looks_like_a_transformation_stays() -> None:
    prefix = "https://res.cloudinary.com/x/image/upload/"
    assert not same(prefix + "t_shirts/fox.jpg", prefix + "fox.jpg")
    assert not same(prefix + "a_b/fox.jpg", prefix + "fox.jpg")
    assert not same(prefix + "e_books/fox.jpg", prefix + "l_artist/fox.jpg")
    assert same(prefix + "t_hero/v12/fox.jpg", prefix + "fox.jpg")


def test_numbered_uploads_stay_apart() -> None:
    assert not same(
        "http://e.example/wp-content/uploads/photo-1.jpg", "http://e.example/wp-content/uploads/photo-2.jpg"
    )
    assert not same("http://e.example/wp-content/uploads/photo-1.jpg", "http://e.example/wp-content/uploads/photo.jpg")


def test_real_dimensions_in_a_name_are_stripped_and_marked() -> None:
    first, second = key_of("http://e.example/banner-300x250.jpg"), key_of("http://e.example/banner-728x90.jpg")
    assert first.identity == second.identity
    assert (first.crop, first.declared_w, first.declared_h) == ("maybe", 300, 250)
    assert (second.declared_w, second.declared_h) == (728, 90)


def test_a_title_is_only_a_slug() -> None:
    key = key_of("https://images.fineartamerica.com/images-medium-large/fox-ada-example.jpg")
    assert key.strength == "slug"
    assert key_of("http://img00.deviantart.net/a/b/fox_by_ada.jpg").strength == "slug"


def test_content_replaced_under_one_address_is_merged_and_the_revision_shown() -> None:
    first = key_of("https://cdn.shopify.com/s/files/1/1/1/products/fox.jpg?v=1479962684")
    second = key_of("https://cdn.shopify.com/s/files/1/1/1/products/fox.jpg?v=1579962684")
    assert first.identity == second.identity
    assert first.revision == "v=1479962684"


def test_what_is_wrapped_too_deep_is_kept_as_it_is() -> None:
    deep = "https://" + "i0.wp.com/" * 500 + "e.example/a.jpg"
    key = key_of(deep)
    assert len(key.wrapped_in) == 3
    assert key.scope == "i0.wp.com"


@pytest.mark.parametrize(
    "url",
    ["https://e.example/a_1x1.jpg", "https://e.example/a.jpg?w=99999", "https://i.redd.it/a123456789.jpg?width=1"],
)
def test_impossible_sizes_are_no_sizes(url: str) -> None:
    assert (key_of(url).declared_w, key_of(url).declared_h) == (None, None)


@pytest.mark.parametrize(
    ("url", "crop"),
    [
        ("https://i.pinimg.com/736x/40/d3/0b/40d30b62d2d2f088f68469937a0b57ee.jpg", "no"),
        ("https://i.pinimg.com/75x75_RS/40/d3/0b/40d30b62d2d2f088f68469937a0b57ee.jpg", "yes"),
        ("https://cdna.artstation.com/p/assets/images/images/002/241/110/smaller_square/fox.jpg", "yes"),
        ("https://live.staticflickr.com/1/4150476807_5e98176614_q.jpg", "yes"),
        ("https://live.staticflickr.com/1/4150476807_5e98176614_b.jpg", "no"),
        ("https://cdn.shopify.com/s/files/1/1/1/products/fox_200x200_crop_center.jpg", "yes"),
        ("https://cdn.shopify.com/s/files/1/1/1/products/fox_small.jpg", "maybe"),
        ("https://i0.wp.com/e.example/a.jpg?resize=5,5", "yes"),
        ("https://i0.wp.com/e.example/a.jpg?fit=5,5", "no"),
        ("https://lh3.googleusercontent.com/abcdefghijkl=s180-c", "yes"),
        ("https://lh3.googleusercontent.com/abcdefghijkl=w640-h480-p", "maybe"),
        ("https://res.cloudinary.com/x/image/upload/w_3,h_3,c_fill/fox.jpg", "yes"),
        ("https://e.example/a.jpg?fit=crop&w=300", "yes"),
        ("https://e.example/iiif/2/fox/10,10,50,50/full/0/default.jpg", "yes"),
    ],
)
def test_a_rendition_says_whether_it_may_be_cropped(url: str, crop: str) -> None:
    assert key_of(url).crop == crop


def test_products_are_mockups_and_the_flat_picture_is_not() -> None:
    assert key_of("https://ih1.redbubble.net/image.3263941.5388/fp,220x200,black,off_white,box20,s.jpg").mockup
    assert not key_of("https://ih0.redbubble.net/image.9173835.5490/flat,135x135,075,t.jpg").mockup
    assert key_of("https://render.fineartamerica.com/images/rendered/search/print/images-medium-5/fox-ada.jpg").mockup


def test_the_frame_of_a_video_is_part_of_its_key() -> None:
    assert not same("https://i.ytimg.com/vi/Lo_bplNj7_M/1.jpg", "https://i.ytimg.com/vi/Lo_bplNj7_M/2.jpg")
    assert not same("https://i.ytimg.com/vi/Lo_bplNj7_M/1.jpg", "https://i.ytimg.com/vi/Lo_bplNj7_M/hqdefault.jpg")


def test_one_path_on_two_hosts_is_two_assets() -> None:
    assert not same("https://a.example/wp-content/uploads/fox.jpg", "https://b.example/wp-content/uploads/fox.jpg")


def test_letter_case_of_a_path_counts() -> None:
    assert not same("https://a.example/Fox.jpg", "https://a.example/fox.jpg")


def test_every_rule_names_what_its_key_is_made_of() -> None:
    for rule in RULES:
        groups = rule.form.groupindex
        assert {"id", "shop"} & set(groups), rule.family
        assert rule.key.format(**dict.fromkeys(groups, "x")), rule.family


def test_a_key_says_which_rule_made_it() -> None:
    assert key_of("https://i.pinimg.com/736x/40/d3/0b/40d30b62d2d2f088f68469937a0b57ee.jpg").rule == "pinterest/1"
    assert (
        key_of("https://i.pinimg.com/736x/40/d3/0b/40d30b62d2d2f088f68469937a0b57ee.jpg").text
        == "pinterest:40d30b62d2d2f088f68469937a0b57ee"
    )
