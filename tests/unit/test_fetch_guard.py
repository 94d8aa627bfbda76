"""The address guard against every trick of fetching.md section 3, with made-up resolvers: nothing is ever looked up."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.fetch.addresses import REFUSED, Refusal, check_addresses, parse_networks
from scanner.fetch.guard import CheckedUrl, check_redirect, check_url

PUBLIC = "93.184.216.34"
INWARD = """
http://127.0.0.1/ http://localhost/ http://[::1]/ http://[::ffff:127.0.0.1]/ http://[2002:7f00:1::]/
http://2130706433/ http://0177.0.0.1/ http://0x7f.1/ http://127.1/ http://①②⑦.⓪.⓪.①/
http://169.254.169.254/ http://[::ffff:a9fe:a9fe]/ http://[64:ff9b::a9fe:a9fe]/ http://[fd00:ec2::254]/
http://100.100.100.200/ http://192.0.0.192/ http://168.63.129.16/
http://10.0.0.1/ http://100.64.0.1/ http://0.0.0.0/ http://224.0.0.1/ http://192.88.99.1/ http://198.18.0.1/
ftp://example.com/ http://u:p@example.com/ http://example.com:22/
""".split()
ODD = {
    r"http://127.0.0.1\@example.com/": "backslash",
    "http://exam\tple.com/": "control",
    "http://example.com:99999/": "port",
    "http://example.com:0/": "port",
    "http://example.com:8x/": "port",
    "http://localhost./": "not public",
    "http://127.0.0.1./": "number",
    "http://[fe80::1%25eth0]/": "one link",
    "http://[::1": "brackets",
    "http://[1.2.3.4]/": "brackets",
    "http://[fd12:3456::1]/": "unique local",
    "http://192.0.2.7/": "documentation",
    "http://[2001:db8::1]/": "documentation",
    "http://[3fff::1]/": "documentation",
    "http://255.255.255.255/": "reserved",
    "http://[ff02::1]/": "multicast",
    "http://[fec0::1]/": "site-local",
    "http://[5f00::1]/": "segment routing",
    "http://[::7f00:1]/": "IPv4-compatible",
    "http://[64:ff9b:1::7f00:1]/": "translation",
    "http://[2001:0:5ef5:79fd::]/": "protocol assignments",
    "http://[4000::1]/": "not handed out",
    "http:///nowhere": "host name",
    "http://:80/": "host name",
    "http://a..b/": "host name",
    "http://%31%32%37.0.0.1/": "number",
    "http://256.256.256.256/": "number",
    "//example.com/a.jpg": "neither",
    "example.com/a.jpg": "neither",
    "javascript:alert(1)": "neither",
    "file:///etc/passwd": "neither",
    "": "neither",
    "http://example.com/" + "a" * 8200: "8,192",
    "http://\ud800/": "Unicode",
}
ANSWERS = {"localhost": ("127.0.0.1", "::1"), "example.com": (PUBLIC,)}


def judged(text: str, answers: tuple[str, ...] | None = None) -> tuple[str, ...] | Refusal:
    """What would be connected to: the text checked, the made-up answers checked."""
    url = check_url(text)
    if isinstance(url, Refusal):
        return url
    found = (url.host,) if url.is_address else ANSWERS[url.host] if answers is None else answers
    return check_addresses(found, port=url.port)


@pytest.mark.parametrize("text", INWARD)
def test_nothing_inward_is_ever_connected_to(text: str) -> None:
    assert isinstance(judged(text), Refusal)


@pytest.mark.parametrize("text", INWARD)
def test_no_redirect_leads_inward(text: str) -> None:
    base = check_url("http://example.com/start")
    assert isinstance(base, CheckedUrl)
    target = check_redirect(base, text)
    if isinstance(target, CheckedUrl):
        found = (target.host,) if target.is_address else ANSWERS[target.host]
        assert isinstance(check_addresses(found, port=target.port), Refusal)


@pytest.mark.parametrize("text", ODD)
def test_a_text_that_parsers_read_differently_is_refused_with_its_reason(text: str) -> None:
    refusal = judged(text)
    assert isinstance(refusal, Refusal)
    assert ODD[text] in refusal.reason


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (f"http://{PUBLIC}/a.jpg", PUBLIC, 80),
        ("https://[2606:4700:4700::1111]/a.jpg", "2606:4700:4700::1111", 443),
        ("http://[64:ff9b::5db8:d822]/a.jpg", "64:ff9b::5db8:d822", 80),
        ("https://bücher.example/ü.jpg", "xn--bcher-kva.example", 443),
        ("HTTP://Example.COM.:443/", "example.com", 443),
        ("  http://my_site-.example.com/a.jpg\n", "my_site-.example.com", 80),
    ],
)
def test_a_public_address_passes(text: str, host: str, port: int) -> None:
    url = check_url(text)
    assert isinstance(url, CheckedUrl)
    assert (url.host, url.port) == (host, port)
    assert judged(text, (PUBLIC,)) in ((PUBLIC,), (host,))


@pytest.mark.parametrize("network", [network for network, _ in REFUSED])
def test_the_first_and_the_last_address_of_every_special_network_are_refused(network: str) -> None:
    known = ip_network(network)
    for address in (known[0], known[-1]):
        assert isinstance(check_addresses((str(address),), port=80), Refusal)
        if address.version == 4:
            for wrapper in ("::ffff:", "64:ff9b::"):
                assert isinstance(check_addresses((f"{wrapper}{address}",), port=80), Refusal)


def test_one_private_answer_among_public_ones_refuses_all() -> None:
    assert isinstance(check_addresses((PUBLIC, "10.0.0.1"), port=80), Refusal)
    assert check_addresses((PUBLIC, "1.1.1.1", PUBLIC), port=80) == (PUBLIC, "1.1.1.1")
    assert isinstance(check_addresses((), port=80), Refusal)
    assert isinstance(check_addresses(("fe80::1%eth0",), port=80), Refusal)
    assert isinstance(check_addresses(("nonsense",), port=80), Refusal)


def test_an_allowed_network_passes_on_any_port_and_nothing_else_does() -> None:
    allowed = parse_networks(["127.0.0.1/32"])
    assert check_addresses(("127.0.0.1",), port=8080, allowed=allowed) == ("127.0.0.1",)
    assert isinstance(check_addresses(("127.0.0.2",), port=8080, allowed=allowed), Refusal)
    assert isinstance(check_addresses((PUBLIC,), port=8080, allowed=allowed), Refusal)
    assert isinstance(check_addresses(("10.0.0.1",), port=80, allowed=allowed), Refusal)
    assert isinstance(check_url("http://u@127.0.0.1/", allowed=allowed), Refusal)
    assert isinstance(check_url("http://127.1/", allowed=allowed), Refusal)
    assert isinstance(check_url("http://127.0.0.1:8080/", allowed=allowed), CheckedUrl)


def test_a_cell_is_sent_as_it_stands() -> None:
    url = check_url(" http://Example.com//a b/ü?q=1&copy=2&amp;x=%zz|^#top ")
    assert isinstance(url, CheckedUrl)
    assert url.target == "//a%20b/%C3%BC?q=1&copy=2&amp;x=%zz|^"
    assert url.text == "http://Example.com//a%20b/%C3%BC?q=1&copy=2&amp;x=%zz|^"
    assert url.authority == "example.com"
    bare = check_url("https://example.com?x=1")
    assert isinstance(bare, CheckedUrl)
    assert (bare.target, bare.origin) == ("/?x=1", ("https", "example.com", 443))


@pytest.mark.parametrize(
    ("base", "location", "target"),
    [
        ("http://example.com/a/b", "../c.jpg", "http://example.com/c.jpg"),
        ("http://example.com/a", "//example.com/x", "http://example.com/x"),
        ("http://example.com/a", "https://example.com/x", "https://example.com/x"),
        ("https://example.com/a", "http://example.com/x", None),
        ("http://example.com/a", "data:image/png;base64,AA", None),
        ("http://example.com/a", "file:///etc/passwd", None),
        ("http://example.com/a", "http://[::1", None),
        ("http://example.com/a", "http://example.com\\@10.0.0.1/", None),
    ],
)
def test_a_redirect_is_judged_like_any_other_text(base: str, location: str, target: str | None) -> None:
    checked_base = check_url(base)
    assert isinstance(checked_base, CheckedUrl)
    checked = check_redirect(checked_base, location)
    assert (checked.text if isinstance(checked, CheckedUrl) else None) == target


@given(st.text(max_size=60) | st.from_regex(r"https?://.{0,40}"))
def test_every_text_is_judged_and_what_is_sent_is_printable(text: str) -> None:
    url = check_url(text)
    if isinstance(url, CheckedUrl):
        assert all("\x21" <= character <= "\x7e" for character in url.target + url.authority + url.text)
        assert check_url(url.text) == url
