"""Placeholders: forty made ones on ten hosts among two thousand honest pictures, and every rule at its edge."""

from __future__ import annotations

import hashlib
import random
from functools import cache
from typing import Any

import numpy as np
import pytest

from scanner.hashers import fingerprints_many, unpacked
from scanner.observations import FetchOutcome
from scanner.placeholders import (
    KnownPlaceholder,
    Received,
    confirmed,
    control_url,
    has_other_shape,
    is_known,
    is_trivial,
    known_placeholders,
    list_sha256,
    probed_hosts,
    suspicions,
)
from scanner.works import Fingerprint


@cache
def prints(count: int) -> tuple[Fingerprint, ...]:
    """Fingerprints of pictures of smooth shapes, made from a seed: as far from one another as photographs are."""
    source = np.random.default_rng(7)
    small = source.normal(size=(count, 9, 9))
    rows = np.linspace(0, 8, 64)
    low, share = np.clip(rows.astype(int), 0, 7), rows - np.clip(rows.astype(int), 0, 7)
    wide = small[:, low] * (1 - share)[None, :, None] + small[:, low + 1] * share[None, :, None]
    wide = wide[:, :, low] * (1 - share) + wide[:, :, low + 1] * share
    scaled = ((wide - wide.min((1, 2), keepdims=True)) / np.ptp(wide, (1, 2))[:, None, None] * 255).astype(np.uint8)
    return unpacked(fingerprints_many(scaled), "phash256")


def received(
    number: int, host: str, *, picture: int | None = None, body: str | None = None, **changed: object
) -> Received:
    content = body or f"body {picture if picture is not None else number}"
    values: dict[str, Any] = {
        "observation_id": f"o-{host}-{number}",
        "url": f"https://{host}/art/{number}.jpg",
        "host": host,
        "asset": f"{host}/{number}",
        "final_url": f"https://{host}/art/{number}.jpg",
        "outcome": FetchOutcome.IMAGE,
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
        "bytes": 40_000,
        "size": (800, 600),
        "phash256": None if picture is None else prints(2100)[picture],
        "caption": f"Painting {chr(97 + number % 26) * 5} of something",
    }
    return Received(**{**values, **changed})


def test_of_forty_placeholders_among_two_thousand_pictures_all_are_found_and_no_honest_one_is_called_so() -> None:
    chance = random.Random(11)
    honest = [received(n, f"site-{n % 150}.example", picture=n) for n in range(2000)]
    # Twenty popular works, each on four hosts, twice on one of them under another name.
    popular = [
        received(
            3000 + 10 * work + copy,
            f"fans-{(work + copy) % 9}.example",
            picture=work,
            body=f"body {work}",
            caption=f"great work {work}",
        )
        for work in range(20)
        for copy in range(5)
    ]
    made = []
    probes: dict[str, str | None] = {}
    for host in range(10):
        name = f"dead-{host}.example"
        body = f"placeholder {host}"
        probes[name] = hashlib.sha256(body.encode()).hexdigest()
        made += [received(n, name, picture=2000 + host, body=body) for n in range(4)]
    everything = [*honest, *popular, *made]
    chance.shuffle(everything)
    suspected = suspicions(everything)
    for host in probed_hosts(everything, suspected):
        probes[host] = probes.get(host)  # honest hosts answer 404
    called = confirmed(everything, suspected, probes)
    assert called == {each.observation_id for each in made}
    assert not {each.observation_id for each in honest if int(each.url.rsplit("/")[-1][:-4]) >= 20} & set(suspected)


def test_an_encoding_anew_for_each_address_is_one_picture() -> None:
    base = prints(2100)[5]
    near = [Fingerprint(algorithm="phash256", bits=256, value=base.value ^ (1 << n)) for n in range(3)]
    pictures = [received(n, "x.example", phash256=value) for n, value in enumerate(near)]
    assert set(suspicions(pictures)) == {each.observation_id for each in pictures}
    far = [Fingerprint(algorithm="phash256", bits=256, value=base.value ^ (0x1F << 10 * n)) for n in range(3)]
    assert not suspicions([received(n, "x.example", phash256=value) for n, value in enumerate(far)])


def test_two_sizes_of_one_asset_are_no_collision() -> None:
    pictures = [received(n, "x.example", body="one", asset=f"x/{min(n, 1)}") for n in range(3)]
    assert not suspicions(pictures)


@pytest.mark.parametrize(
    ("captions", "rules"),
    [
        (["red fox", "blue whale", "green tree"], {"same_across_hosts"}),
        ([None, None, None], {"same_across_hosts"}),
        (["Sunrise by Ann", "sunrise, framed", "Print: Sunrise"], set()),
    ],
)
def test_one_picture_on_three_hosts_is_suspected_unless_its_captions_agree(
    captions: list[str | None], rules: set[str]
) -> None:
    pictures = [received(n, f"h{n}.example", body="one", caption=caption) for n, caption in enumerate(captions)]
    assert set().union(*suspicions(pictures).values()) == rules


@pytest.mark.parametrize(
    ("final", "rule"),
    [
        ("https://x.example/", True),
        ("https://x.example", True),
        ("https://x.example/img/no-image.png", True),
        ("https://x.example/404.gif", True),
        ("https://x.example/default.jpg", True),
        ("https://x.example/photo_removed.png", True),
        ("https://cdn.example/art/7.jpg", False),
        ("https://x.example/defaults/40404.jpg", False),
    ],
)
def test_where_an_address_leads_may_give_it_away(final: str, rule: bool) -> None:
    found = suspicions([received(7, "x.example", final_url=final)])
    assert bool(found) is rule


def test_the_same_name_without_a_redirect_is_no_sign() -> None:
    assert not suspicions(
        [received(7, "x.example", url="https://x.example/default.jpg", final_url="https://x.example/default.jpg")]
    )


def test_three_addresses_with_one_end_are_suspected() -> None:
    assert len(suspicions([received(n, "x.example", final_url="https://x.example/z.jpg") for n in range(3)])) == 3
    assert not suspicions([received(n, "x.example", final_url="https://x.example/z.jpg") for n in range(2)])


def test_one_page_for_three_addresses_is_a_parked_host_and_is_not_probed() -> None:
    pages = [received(n, "x.example", body="for sale", outcome=FetchOutcome.NOT_IMAGE) for n in range(3)]
    suspected = suspicions(pages)
    assert set().union(*suspected.values()) == {"parked_page"}
    assert not probed_hosts(pages, suspected)
    assert not confirmed(pages, suspected, {"x.example": pages[0].sha256})


@pytest.mark.parametrize(
    ("changed", "trivial"),
    [
        ({"size": (1, 1)}, True),
        ({"size": (2, 600)}, True),
        ({"size": (3, 3)}, False),
        ({"one_colour": True}, True),
        ({"low_detail": True, "bytes": 3071}, True),
        ({"low_detail": True, "bytes": 3072}, False),
        ({"bytes": 100}, False),
    ],
)
def test_what_is_trivial(changed: dict[str, Any], trivial: bool) -> None:
    assert is_trivial(received(1, "x.example", **changed)) is trivial


def test_a_known_placeholder_is_confirmed_without_a_probe() -> None:
    pixel = next(each for each in known_placeholders() if each.size == (1, 1))
    one = received(1, "x.example", sha256=pixel.sha256, size=(1, 1))
    assert confirmed([one], suspicions([one]), {}) == {one.observation_id}
    value = prints(2100)[9]
    known = [KnownPlaceholder(name="n", sha256="0" * 64, md5="0" * 32, phash256=value, size=(161, 81))]
    near = Fingerprint(algorithm="phash256", bits=256, value=value.value ^ 0xFF)
    assert is_known(received(1, "x", phash256=near, size=(161, 81)), known)
    assert not is_known(received(1, "x", phash256=near, size=(162, 81)), known)
    far = Fingerprint(algorithm="phash256", bits=256, value=value.value ^ 0x1FF)
    assert not is_known(received(1, "x", phash256=far, size=(161, 81)), known)


def test_suspicion_alone_confirms_nothing_and_another_body_of_the_probe_neither() -> None:
    pictures = [received(n, "x.example", body="one") for n in range(3)]
    suspected = suspicions(pictures)
    assert len(suspected) == 3
    answers: list[dict[str, str | None]] = [{}, {"x.example": None}, {"x.example": "0" * 64}]
    for probe in (*answers, {"other.example": pictures[0].sha256}):
        assert not confirmed(pictures, suspected, probe)
    assert len(confirmed(pictures, suspected, {"x.example": pictures[0].sha256})) == 3


def test_the_probe_stays_in_the_folder_with_the_extension_and_is_the_same_again() -> None:
    made = control_url("https://x.org:8080/a/b/fox.jpeg?w=1#f")
    assert made.startswith("https://x.org:8080/a/b/")
    assert made.endswith(".jpeg")
    assert made == control_url("https://x.org:8080/a/b/fox.jpeg?w=1#f")
    assert len(made.rpartition("/")[2]) == 37
    assert control_url("https://x.org").startswith("https://x.org/")


@pytest.mark.parametrize(
    ("listed", "returned", "other"),
    [((800, 600), (400, 300), False), ((800, 600), (400, 306), False), ((800, 600), (400, 400), True), (None, (1, 1), False), ((0, 5), (5, 5), False)],
)  # fmt: skip
def test_another_shape_is_noted_beyond_two_per_cent(
    listed: tuple[int, int] | None, returned: tuple[int, int], other: bool
) -> None:
    assert has_other_shape(listed, returned) is other


def test_the_list_has_a_digest_and_every_entry_its_own() -> None:
    assert len(list_sha256()) == 64
    assert len({each.sha256 for each in known_placeholders()}) == len(known_placeholders())


def test_a_thousand_answers_with_one_body_take_no_pairs() -> None:
    pictures = [received(n, "x.example", body="one", picture=3) for n in range(5000)]
    assert len(suspicions(pictures)) == 5000
