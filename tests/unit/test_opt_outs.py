"""Opt-out signals: verbatim, each from its own place, and nothing from what is not as its standard has it."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.opt_outs import bounded, header_signals, picture_signals, pictures, robots_signals, tdmrep_signals
from scanner.opt_outs.pictures import read_cbor
from scanner.opt_outs.sites import MAX_SIGNALS, covers

URL = "https://img.example.org/art/fox.jpg?w=300"
ROBOTS = b"""\xef\xbb\xbf# ours
User-agent: GPTBot
User-Agent: ccbot/2.0
Disallow: /art/   # pictures
Allow: /art/free/
Content-Usage: train-ai=n

User-agent: *
Disallow:
Disallow: /*.jpg$
Disallow: /private
Sitemap: https://x/s.xml

User-agent: img2dataset
Disallow: /
Allow: /art
"""


def test_header_fields_are_kept_as_sent_and_only_those_that_opt_out() -> None:
    fields = [
        (b"X-Robots-Tag", b"max-image-preview:large"),
        (b"X-ROBOTS-TAG", b"googlebot: NoAI"),
        (b"tdm-reservation", b"1"),
        (b"TDM-Policy", b"https://x.org/p.json"),
        (b"Content-Usage", b"train-ai=n"),
        (b"Set-Cookie", b"noai=1"),
        (b"X-Archive-Orig-X-Robots-Tag", b"noimageai"),
    ]
    assert header_signals(fields) == [
        ("x-robots-tag", "googlebot: NoAI"),
        ("tdm-reservation", "1"),
        ("tdm-policy", "https://x.org/p.json"),
        ("content-usage", "train-ai=n"),
    ]
    assert header_signals(fields, archived=True) == [("x-robots-tag", "noimageai")]


def test_robots_rules_are_those_that_apply_to_the_address_by_agent() -> None:
    assert robots_signals(ROBOTS, URL) == [
        ("robots:CCBot", "Disallow: /art/   # pictures"),
        ("robots:CCBot:content-usage", "Content-Usage: train-ai=n"),
        ("robots:GPTBot", "Disallow: /art/   # pictures"),
        ("robots:GPTBot:content-usage", "Content-Usage: train-ai=n"),
    ]
    assert robots_signals(ROBOTS, "https://x.org/fox.jpg") == [
        ("robots:*", "Disallow: /*.jpg$"),
        ("robots:CCBot:content-usage", "Content-Usage: train-ai=n"),
        ("robots:GPTBot:content-usage", "Content-Usage: train-ai=n"),
        ("robots:img2dataset", "Disallow: /"),
    ]
    assert [name for name, _ in robots_signals(ROBOTS, "https://x.org/art/free/1.png")] == [
        "robots:CCBot:content-usage",
        "robots:GPTBot:content-usage",
    ]


def test_content_usage_may_name_a_path() -> None:
    text = b"User-agent: *\nContent-Usage: /art/ train-ai=n\nContent-Usage: /art/free/ train-ai=y\n"
    assert robots_signals(text, "https://x.org/art/free/1.png") == [
        ("robots:*:content-usage", "Content-Usage: /art/free/ train-ai=y")
    ]
    assert robots_signals(text, "https://x.org/b/1.png") == []


def test_tdmrep_rule_is_the_longest_that_covers_the_address() -> None:
    rules = [
        {"location": "/", "tdm-reservation": 0},
        {"location": "/art/*.jpg", "tdm-reservation": 1, "tdm-policy": "https://x.org/p.json"},
        {"location": "/other", "tdm-reservation": 1},
    ]
    assert tdmrep_signals(json.dumps(rules).encode(), URL) == [
        ("tdmrep.json:tdm-reservation", "1"),
        ("tdmrep.json:tdm-policy", "https://x.org/p.json"),
    ]


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}", b"[1]", b'[{"location":3}]', b"[" * 100_000, b"\xff"])
def test_a_tdmrep_file_that_is_none_says_nothing(content: bytes) -> None:
    assert tdmrep_signals(content, URL) == []


@given(st.binary(max_size=300), st.text(max_size=40))
def test_no_bytes_and_no_address_raise(content: bytes, url: str) -> None:
    robots_signals(content, url)
    tdmrep_signals(content, url)
    for head in (b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b""):
        picture_signals(head + content)


@given(st.lists(st.sampled_from(["a", "b", "/", "*"]), max_size=8), st.text(alphabet="ab/", max_size=8), st.booleans())
def test_a_pattern_covers_what_its_regular_expression_matches(parts: list[str], path: str, anchored: bool) -> None:
    import re

    pattern = "".join(parts)
    expression = re.escape(pattern).replace(r"\*", ".*") + ("$" if anchored else "")
    assert covers(pattern + ("$" if anchored else ""), path) is (re.match(expression, path) is not None)


def test_a_flood_of_signals_is_bounded_and_lone_surrogates_are_written() -> None:
    assert len(bounded([("x-robots-tag", f"noai {n}") for n in range(1000)])) == MAX_SIGNALS
    (kept,) = bounded([("a", "\ud800" + "v" * 5000), ("a", "\ud800" + "v" * 5000)])
    assert kept[1].encode().startswith(b"?")
    assert len(kept[1]) == 1000


def test_xmp_properties_are_read_in_both_spellings() -> None:
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"'
        b" tdm:policy='https://x/p'><tdm:reservation>1</tdm:reservation></rdf:Description></x:xmpmeta>"
    )
    assert picture_signals(b"\xff\xd8\xff\xe1" + packet + b"\xff\xd9") == [
        ("xmp:plus:DataMining", "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"),
        ("xmp:tdm:reservation", "1"),
        ("xmp:tdm:policy", "https://x/p"),
    ]


def box(kind: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def described(label: bytes) -> bytes:
    return box(b"jumd", bytes(16), b"\x03", label + b"\0")


def cbor(value: object) -> bytes:
    if isinstance(value, dict):
        return bytes([0xA0 + len(value)]) + b"".join(cbor(each) for pair in value.items() for each in pair)
    assert isinstance(value, str)
    text = value.encode()
    return (bytes([0x60 + len(text)]) if len(text) < 24 else b"\x78" + bytes([len(text)])) + text


STORE = box(
    b"jumb",
    described(b"c2pa"),
    box(
        b"jumb",
        described(b"c2pa.assertions"),
        box(
            b"jumb",
            described(b"cawg.training-mining"),
            box(b"cbor", cbor({"entries": {"cawg.ai_generative_training": {"use": "notAllowed"}}})),
        ),
    ),
)


def jpeg(store: bytes, cut: int) -> bytes:
    """The store in two APP11 segments, the box header repeated in the second (ISO 19566-5)."""

    def segment(sequence: int, payload: bytes) -> bytes:
        body = b"JP" + struct.pack(">HI", 1, sequence) + payload
        return b"\xff\xeb" + struct.pack(">H", len(body) + 2) + body

    return b"\xff\xd8" + segment(1, store[:cut]) + segment(2, store[:8] + store[cut:]) + b"\xff\xda"


def png(store: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(store)) + b"caBX" + store + bytes(4)


def webp(store: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + b"C2PA" + struct.pack("<I", len(store)) + store


@pytest.mark.parametrize("content", [jpeg(STORE, 60), png(STORE), webp(STORE)])
def test_a_c2pa_assertion_against_training_is_read_from_every_container(content: bytes) -> None:
    assert picture_signals(content) == [("c2pa:cawg.ai_generative_training", "notAllowed")]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (bytes.fromhex("a1616101"), {"a": 1}),
        (bytes.fromhex("83f5f4f6"), [True, False, None]),
        (bytes.fromhex("c11a514b67b0"), 0x514B67B0),
        (bytes.fromhex("3903e7"), -1000),
        (bytes.fromhex("4401020304"), "01020304"),
    ],
)
def test_cbor_of_rfc_8949_appendix_a_is_read(data: bytes, value: object) -> None:
    assert read_cbor(data) == value


@pytest.mark.parametrize("data", [b"", b"\x9f", b"\xfb" + bytes(8), b"\x62a", b"\x81" * 50, b"\xbb" + b"\xff" * 8])
def test_other_cbor_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"CBOR|kind|length"):
        read_cbor(data)


@pytest.mark.parametrize(("name", "held"), [("CA", True), ("CICACACA", True), ("A", False)])
def test_the_boxes_of_real_signed_pictures_are_found(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch, name: str, held: bool
) -> None:
    # None of them says anything of training; that an assertion is reached at all is shown by one that they hold.
    content = (shared_data / "c2pa-testfiles" / "image" / "jpeg" / f"adobe-20220124-{name}.jpg").read_bytes()
    assert picture_signals(content) == []
    monkeypatch.setattr(pictures, "_ASSERTIONS", ("stds.schema-org.CreativeWork",))
    found = list(pictures._assertions(pictures._jumbf(content)))
    assert bool(found) is held
    assert all(statement["@type"] == "CreativeWork" for _, statement in found)
