"""Hosts, registrable domains, platforms, and profiles on shared platforms."""

import pytest

from scanner.urls import CanonicalUrl, canonicalize_url, host_of, is_public_suffix, platform_of, registrable_domain
from scanner.urls.families import RULES
from scanner.urls.platforms import PLATFORM_HOSTS
from scanner.urls.profiles import is_host_of_one, profile_keys


def url_of(text: str) -> CanonicalUrl:
    url = canonicalize_url(text)
    assert isinstance(url, CanonicalUrl)
    return url


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("example.art", "example.art"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("i.pinimg.com", "pinimg.com"),
        ("name.blogspot.com", "name.blogspot.com"),
        ("a.name.github.io", "name.github.io"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("192.168.0.1", "192.168.0.1"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_belongs_to_this_domain(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


def test_a_host_is_given_without_www_and_in_a_labels() -> None:
    assert host_of("http://www.Bücher.example:8080/a") == "xn--bcher-kva.example"
    assert host_of("no address") is None
    assert host_of(None) is None


def test_platforms_are_recognised_on_label_boundaries_only() -> None:
    assert platform_of("i.pinimg.com") == "pinterest"
    assert platform_of("notpinimg.com") is None
    assert platform_of("ada.deviantart.com") == "deviantart"
    assert platform_of("ada-example.art") is None


def test_public_suffixes_are_known_without_any_network() -> None:
    assert is_public_suffix("co.uk")
    assert is_public_suffix("github.io")
    assert not is_public_suffix("example.art")


def test_every_platform_host_is_spelled_as_hosts_are_compared() -> None:
    for host in PLATFORM_HOSTS:
        assert host_of(f"https://{host}/") == host


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.deviantart.com/Ada-Example/gallery", ("deviantart", "ada-example")),
        ("https://ada-example.deviantart.com/art/Fox-1", ("deviantart", "ada-example")),
        ("http://orig00.deviantart.net/a/f/2014/1/fox_by_ada_example-d89pkep.jpg", ("deviantart", "ada-example")),
        ("https://www.artstation.com/ada", ("artstation", "ada")),
        ("https://ada.artstation.com/projects/x", ("artstation", "ada")),
        ("https://www.behance.net/ada", ("behance", "ada")),
        ("https://ada.tumblr.com/post/1", ("tumblr", "ada")),
        ("https://www.tumblr.com/ada/1", ("tumblr", "ada")),
        ("https://www.pixiv.net/en/users/1234", ("pixiv", "1234")),
        ("https://www.pixiv.net/member.php?id=1234", ("pixiv", "1234")),
        ("https://weibo.com/u/1234567890", ("weibo", "1234567890")),
        ("https://www.xiaohongshu.com/user/profile/5f0a?x=1", ("xiaohongshu", "5f0a")),
        ("https://www.flickr.com/photos/ada/123", ("flickr", "ada")),
        ("https://www.instagram.com/ada.example/", ("instagram", "ada.example")),
        ("https://x.com/ada", ("twitter", "ada")),
        ("https://www.redbubble.com/people/ada/works/1", ("redbubble", "ada")),
        ("https://www.etsy.com/uk/shop/AdaShop", ("etsy", "adashop")),
        ("https://fineartamerica.com/profiles/ada-example.html", ("fineartamerica", "ada-example")),
        ("https://www.youtube.com/@Ada", ("youtube", "ada")),
        ("https://ada.files.wordpress.com/2014/10/fox.jpg", ("wordpress", "ada")),
        ("https://ada.blogspot.com/2014/fox.html", ("blogger", "ada")),
        ("https://space.bilibili.com/1234", ("bilibili", "1234")),
        ("https://ada.lofter.com/post/1", ("lofter", "ada")),
        ("https://twitter.com/@Ada", ("twitter", "ada")),
        ("https://www.pinterest.co.uk/ada/foxes/", ("pinterest", "ada")),
        ("https://www.facebook.com/profile.php?id=123", ("facebook", "123")),
        ("https://www.patreon.com/c/ada", ("patreon", "ada")),
        ("https://ic.pics.livejournal.com/ada/12/34/34_original.jpg", ("livejournal", "ada")),
        ("https://stat.ameba.jp/user_images/20190102/12/ada/ab/cd/j/o080.jpg", ("ameba", "ada")),
        ("https://cdn-ak.f.st-hatena.com/images/fotolife/a/ada/20190101/20190101123456.jpg", ("hatena", "ada")),
        ("https://dribbble.com/ada", ("dribbble", "ada")),
        ("https://www.inprnt.com/gallery/ada/", ("inprnt", "ada")),
    ],
)
def test_a_profile_is_read_from_this_address(url: str, key: tuple[str, str]) -> None:
    assert key in profile_keys(url_of(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://www.deviantart.com/tag/fox",
        "https://www.instagram.com/p/abc/",
        "https://i.pinimg.com/736x/40/d3/0b/40d30b62d2d2f088f68469937a0b57ee.jpg",
        "https://64.media.tumblr.com/tumblr_abc_500.jpg",
        "https://www.artstation.com/artwork/abc",
        "https://cdna.artstation.com/p/assets/images/images/002/241/110/medium/fox.jpg",
        "https://notdeviantart.com/ada",
        "https://www.pixiv.net/artworks/1234",
        "https://www.facebook.com/profile.php?v=wall",
        "https://fakewixmp.com/f/fox_by_ada_d1abcde-fullview.jpg",
        "https://evildeviantart.net/fox_by_ada-d1abcde.jpg",
    ],
)
def test_no_profile_is_read_from_this_address(url: str) -> None:
    assert profile_keys(url_of(url)) == ()


def test_every_host_of_a_rule_is_refused_as_a_domain_of_ones_own() -> None:
    shared = {host for rule in RULES for host in rule.hosts}
    assert {host for host in shared if platform_of(host) is None and not is_public_suffix(host)} == set()


@pytest.mark.parametrize("platform", ["dribbble", "inprnt", "vsco", "zcool", "huaban", "artsy", "displate"])
def test_a_platform_that_is_refused_as_a_domain_takes_a_profile(platform: str) -> None:
    hosts = [host for host, name in PLATFORM_HOSTS.items() if name == platform]
    forms = (
        "https://{}/ada",
        "https://{}/u/ada",
        "https://{}/user/ada",
        "https://{}/gallery/ada",
        "https://{}/artist/ada",
    )
    assert any(profile_keys(url_of(form.format(host))) for host in hosts for form in forms)


def test_a_host_label_is_one_persons_and_a_path_is_not() -> None:
    assert is_host_of_one(url_of("https://ada.tumblr.com/x"))
    assert not is_host_of_one(url_of("https://www.deviantart.com/ada"))
    assert not is_host_of_one(url_of("https://deviantart.com/ada"))
