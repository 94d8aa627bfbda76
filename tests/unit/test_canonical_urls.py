"""Canonical URLs: each step of identity.md section 3, by example."""

import pytest

from scanner.urls import BadUrl, BadUrlReason, CanonicalUrl, canonicalize_url


def text_of(raw: str) -> str:
    url = canonicalize_url(raw)
    assert isinstance(url, CanonicalUrl), raw
    return url.text


def reason_of(raw: str | None) -> BadUrlReason:
    url = canonicalize_url(raw)
    assert isinstance(url, BadUrl), raw
    return url.reason


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        (" \t\nhttp://Example.ORG/A \x00", "http://example.org/A"),
        ("//example.org/a", "https://example.org/a"),
        ("HTTPS://example.org", "https://example.org/"),
        ("http://example.org:80/a", "http://example.org/a"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("http://example.org:443/a", "http://example.org:443/a"),
        ("http://example.org:8080/a", "http://example.org:8080/a"),
        ("http://example.org:/a", "http://example.org/a"),
        ("http://example.org./a", "http://example.org/a"),
        ("http://bücher.example/a", "http://xn--bcher-kva.example/a"),
        ("http://例え.テスト/a", "http://xn--r8jz45g.xn--zckzah/a"),
        ("http://ＥＸＡＭＰＬＥ.org/a", "http://example.org/a"),
        ("http://my_host.example/a", "http://my_host.example/a"),
        ("http://[2001:DB8:0:0::1]:8080/a", "http://[2001:db8::1]:8080/a"),
        ("http://e.org/%7euser/%61%2d%2F%c3%a9", "http://e.org/~user/a-%2F%C3%A9"),
        ("http://e.org/é b", "http://e.org/%C3%A9%20b"),
        ("http://e.org/a//b/./c/../d", "http://e.org/a//b/d"),
        ("http://e.org/a/..", "http://e.org/"),
        ("http://e.org/a/.", "http://e.org/a/"),
        ("http://e.org/../../a", "http://e.org/a"),
        ("http://e.org/a%2e%2e/b/%2e%2e/c", "http://e.org/a../c"),
        ("http://e.org/100%/x%zz", "http://e.org/100%/x%zz"),
        ("http://e.org/a?x=1&utm_source=y&b=2&fbclid=z", "http://e.org/a?x=1&b=2"),
        ("http://e.org/a?utm_medium=y", "http://e.org/a"),
        ("http://e.org/a?", "http://e.org/a"),
        ("http://e.org/a#b?c", "http://e.org/a"),
        ("http://e.org/a?b#c", "http://e.org/a?b"),
        ("http://e.org?a=1", "http://e.org/?a=1"),
        ("http://e.org/a?a=1&amp;b=2&amp;amp;c=3", "http://e.org/a?a=1&b=2&c=3"),
        ("http://e.org/a?a=1&copy=2&reg=3", "http://e.org/a?a=1&copy=2&reg=3"),
        ("http://e.org/a?Z=1&a=2", "http://e.org/a?Z=1&a=2"),
        ("http://e.org//assets/A.JPG", "http://e.org//assets/A.JPG"),
    ],
)
def test_a_url_has_this_canonical_form(raw: str, canonical: str) -> None:
    assert text_of(raw) == canonical
    assert text_of(canonical) == canonical


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, BadUrlReason.NULL),
        ("", BadUrlReason.EMPTY),
        (" \t\x00", BadUrlReason.EMPTY),
        ("http://e.org/" + "a" * 8_200, BadUrlReason.TOO_LONG),
        ("http://e.org/" + "é" * 4_200, BadUrlReason.TOO_LONG),
        ("ftp://e.org/a", BadUrlReason.SCHEME),
        ("data:image/png;base64,AAAA", BadUrlReason.SCHEME),
        ("example.org/a.jpg", BadUrlReason.SCHEME),
        ("httpſ://e.org/", BadUrlReason.SCHEME),
        ("http://user:word@e.org/", BadUrlReason.USER_INFO),
        ("http://127.0.0.1\\@e.org/", BadUrlReason.USER_INFO),
        ("http://127.0.0.1\\.e.org/", BadUrlReason.AUTHORITY_CHARACTERS),
        ("http://exa\tmple.org/", BadUrlReason.AUTHORITY_CHARACTERS),
        ("http://exa mple.org/", BadUrlReason.AUTHORITY_CHARACTERS),
        ("http://e.org:0/", BadUrlReason.PORT),
        ("http://e.org:65536/", BadUrlReason.PORT),
        ("http://e.org:80a/", BadUrlReason.PORT),
        ("http://e.org:" + "9" * 4_000, BadUrlReason.PORT),
        ("http://[::1", BadUrlReason.BRACKETS),
        ("http://[::1]x/", BadUrlReason.BRACKETS),
        ("http://a[b]/", BadUrlReason.BRACKETS),
        ("http://[fe80::1%25eth0]/", BadUrlReason.BRACKETS),
        ("http:///path", BadUrlReason.HOST),
        ("http://a..b/", BadUrlReason.HOST),
        ("http://e%41.org/", BadUrlReason.HOST),
        ("http://" + "a." * 200 + "org/", BadUrlReason.HOST),
        ("http://\ud800.org/", BadUrlReason.HOST),
    ],
)
def test_a_cell_is_refused_with_its_reason(raw: str | None, reason: BadUrlReason) -> None:
    assert reason_of(raw) == reason


@pytest.mark.parametrize(
    "token", ["token", "sig", "Signature", "Policy", "Key-Pair-Id", "Expires", "X-Amz-Signature", "x-goog-credential"]
)
def test_an_access_token_is_in_no_canonical_form_and_no_key(token: str) -> None:
    from scanner.urls import asset_key

    raw = f"https://images-wixmp-1.wixmp.com/f/x.png?{token}=eyJSECRET&w=1"
    key = asset_key(raw)
    assert key is not None
    assert "SECRET" not in text_of(raw)
    assert "SECRET" not in repr(key)


def test_http_https_and_www_are_one_in_the_compare_form_and_the_scheme_is_kept() -> None:
    first, second = canonicalize_url("http://www.e.org/a"), canonicalize_url("https://e.org/a")
    assert isinstance(first, CanonicalUrl)
    assert isinstance(second, CanonicalUrl)
    assert first.compare == second.compare
    assert (first.scheme, second.scheme) == ("http", "https")
    assert first.host == "www.e.org"


def test_a_domain_called_www_keeps_its_name() -> None:
    url = canonicalize_url("http://www.com/a")
    assert isinstance(url, CanonicalUrl)
    assert url.compare_host == "www.com"
