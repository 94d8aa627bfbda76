"""The compiled filter decides nothing: with it, without it and by brute force the same hits come out."""

import itertools
import pickle
import random
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from caption_corpus import CORPUS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from url_corpus import FORMS, assets

from scanner.bench.synthetic import synthetic_identity
from scanner.identity import Domain, Identity, Name
from scanner.metadata import Identifiers, compile_identifiers, match_batch, match_batch_reference
from scanner.metadata import literals as literals_module
from scanner.metadata.prefilter import kernels, stream
from scanner.metadata.skeleton import LIMIT, skeleton_table, skeleton_text
from scanner.normal_text import folded_form, normal_form

LETTERS = "aAbB zZ09 éÉłŁß ѕаЖж αΆ ابَ אבּ राजा 画像髙高 カガｶﾞー 김김 ไทย 𝐀𝐝𝐚 ﬁ ﷺ ½ Ⅷ".replace(" ", "")
MARKS = " \t\n.,-_'’@#/\\&%?=+:;()[]{}<>\u00ad\u200b\u200d\u202e\ufe0f\u0301\u0323\u3000・—\x00\x7f\ud800"
WORDS = st.text(st.sampled_from(LETTERS), min_size=1, max_size=12)
TEXT = st.text(st.sampled_from(LETTERS + MARKS), max_size=40) | st.text(max_size=20)


def accelerated(identifiers: Identifiers) -> Identifiers:
    identifiers.accelerator.load(identifiers)
    return identifiers


def utf8(texts: list[str | None], kind: pa.DataType | None = None) -> pa.Array:
    """Cells as bytes, so that what is no UTF-8 can stand in them."""
    cells = [None if text is None else text.encode("utf-8", "surrogatepass") for text in texts]
    return pa.array(cells, kind or pa.large_binary())


def test_the_compiled_loops_are_there_on_this_machine() -> None:
    assert kernels() is not None


def test_constants_of_the_compiled_loops_are_those_of_the_tables() -> None:
    module = kernels()
    assert module is not None
    for name in ("BITMAP_BITS", "MULTIPLIER", "SECOND_MULTIPLIER", "SURVIVES", "NEEDS_LITERAL", "WRAPS", "EXACT"):
        assert getattr(module, name) == getattr(literals_module, name)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.lists(WORDS, min_size=1, max_size=3), min_size=1, max_size=5),
    st.lists(
        st.tuples(TEXT, st.integers(0, 9), TEXT, st.sampled_from([" ", "", "-", ", ", "\u200b", " \u0301"])),
        max_size=12,
    ),
)
@example([["a", "a"]], [("", 0, "", "")])
def test_captions_are_matched_alike_with_and_without_filter(
    names: list[list[str]], rows: list[tuple[str, int, str, str]]
) -> None:
    declared = [" ".join(words) for words in names]
    identity = Identity(
        names=tuple(Name(name=name) for name in declared[::3]),
        aliases=tuple(declared[1::3]),
        handles=tuple(name.replace(" ", "_") for name in declared[2::3]),
    )
    captions: list[str | None] = [None, "", *declared]
    for before, number, after, joint in rows:
        words = names[number % len(names)]
        captions += [
            before + joint.join(words) + after,
            f"{before} {joint.join(words).upper()} {after}",
            before + after,
        ]
    identifiers = accelerated(compile_identifiers(identity))
    column = utf8(captions)
    assert match_batch(None, column, column, identifiers) == match_batch_reference(None, column, column, identifiers)


CELLS = [url for family in FORMS for urls in assets(family, 3) for url in urls]
EDITS = st.sampled_from(
    [
        "",
        " ",
        "\t",
        "#x",
        "?utm_source=a",
        "&amp;b=1",
        "%2e",
        "%41",
        "/./",
        "/../x",
        "//",
        "é",
        "%",
        "%2525",
        ":",
        "\x00",
        "http://",
        "\ud800",
    ]
)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.sampled_from(CELLS), min_size=1, max_size=6),
    st.lists(st.tuples(st.sampled_from(CELLS), EDITS, st.integers(0, 200), st.booleans()), max_size=20),
    st.sampled_from(
        [(), ("https://www.deviantart.com/supah-com", "https://ada.tumblr.com", "https://e.example/~ada/")]
    ),
)
def test_urls_are_matched_alike_with_and_without_filter(
    work_urls: list[str], rows: list[tuple[str, str, int, bool]], profiles: tuple[str, ...]
) -> None:
    identity = Identity(
        work_urls=tuple(work_urls),
        profile_urls=profiles,
        domains=(Domain(domain="e.example"), Domain(domain="xn--bcher-kva.example")),
    )
    cells: list[str | None] = [
        None, "", "http://", "//", "http://e.example", "https://www.E.example.:80?x", "http://bücher.example/a", "http://ada.tumblr.com/x", "http://e.example.org/",
        "http://not-e.example/", "http://m.deviantart.com/supah-com/x", "http://[::1]/e.example", "http://u@e.example/", "http://e.example:99999/",
        *work_urls,
    ]  # fmt: skip
    for cell, edit, place, upper in rows:
        edited = cell[: place % len(cell)] + edit + cell[place % len(cell) :]
        cells += [
            edited,
            edited.swapcase() if upper else "http://i0.wp.com/" + edited.partition("://")[2],
            "http://x.example/?u=" + edited.replace("/", "%2F"),
        ]
    identifiers = accelerated(compile_identifiers(identity))
    assert match_batch(utf8(cells), None, None, identifiers) == match_batch_reference(
        utf8(cells), None, None, identifiers
    )


@pytest.fixture(scope="module")
def class_of_artists() -> tuple[Identifiers, pa.Array, pa.Array]:
    """Many identifiers of all kinds and scripts, and rows that hold some of them."""
    made = synthetic_identity(np.random.default_rng(3), 2_000)
    names = tuple(
        Name(name=group.value, given=group.given, family=group.family) for group in CORPUS if group.kind == "name"
    )
    aliases = tuple(group.value for group in CORPUS if group.kind in {"alias", "title"})
    handles = tuple(group.value for group in CORPUS if group.kind == "handle")
    first = tuple(urls[0] for family in FORMS for urls in assets(family, 2))
    identity = Identity(
        names=made.names + names, aliases=made.aliases + aliases, handles=made.handles + handles, domains=made.domains,
        profile_urls=made.profile_urls, work_urls=made.work_urls + first,
    )  # fmt: skip
    captions = [text for group in CORPUS for text in (*group.found, *group.folded, *group.styled, *group.missed)]
    urls = [url for family in FORMS for asset in assets(family, 2) for url in asset]
    rng = random.Random(5)
    elsewhere = [f"https://elsewhere.example/{url.rpartition('/')[2]}" for url in first]  # the same file names
    rows = [(rng.choice(urls), rng.choice(captions)) for _ in range(3_000)]
    rows[:100] = [(rng.choice(elsewhere), rng.choice(captions)) for _ in range(100)]
    return compile_identifiers(identity), pa.array([row[0] for row in rows]), utf8([row[1] for row in rows])


def test_thousands_of_identifiers_are_matched_alike_with_and_without_filter(
    class_of_artists: tuple[Identifiers, pa.Array, pa.Array],
) -> None:
    identifiers, urls, captions = class_of_artists
    plain = match_batch(urls[:1_000], captions[:1_000], None, pickle.loads(pickle.dumps(identifiers)))
    filtered = match_batch(urls[:1_000], captions[:1_000], None, accelerated(identifiers))
    assert plain == filtered
    assert len({hit.kind for hit in filtered}) >= 4
    assert match_batch(urls[:40], captions[:40], None, identifiers) == match_batch_reference(
        urls[:40], captions[:40], None, identifiers
    )


@pytest.mark.parametrize("cuts", [(1_000,), (1, 2, 3, 500), tuple(range(100, 3_000, 100))])
def test_how_rows_are_cut_into_batches_changes_nothing(
    cuts: tuple[int, ...], class_of_artists: tuple[Identifiers, pa.Array, pa.Array]
) -> None:
    identifiers, urls, captions = class_of_artists
    accelerated(identifiers)
    whole = [(hit.index, hit.kind, hit.value, hit.work_value) for hit in match_batch(urls, captions, None, identifiers)]
    parts = []
    for start, stop in itertools.pairwise((0, *cuts, len(urls))):
        hits = match_batch(urls.slice(start, stop - start), captions.slice(start, stop - start), None, identifiers)
        parts += [(start + hit.index, hit.kind, hit.value, hit.work_value) for hit in hits]
    assert parts == whole


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.binary_view(),
        pa.dictionary(pa.int32(), pa.string()),
    ],
)
def test_every_arrow_text_type_is_read_alike(kind: pa.DataType) -> None:
    identifiers = accelerated(
        compile_identifiers(Identity(names=(Name(name="Ada Example"),), domains=(Domain(domain="ada.example"),)))
    )
    urls = pa.array(["http://ada.example/1.jpg", None, "http://x.example"], pa.string()).cast(kind)
    captions = pa.array([None, "by Ada Example", ""], pa.string()).cast(kind)
    found = [(hit.index, hit.kind) for hit in match_batch(urls, captions, None, identifiers)]
    assert found == [(0, "host_equal"), (1, "caption_contains")]
    chunked = pa.chunked_array([urls[:1], urls[1:]])
    assert [(hit.index, hit.kind) for hit in match_batch(chunked, None, None, identifiers)] == [(0, "host_equal")]


def test_a_list_of_machine_captions_is_looked_through_text_by_text() -> None:
    identifiers = compile_identifiers(Identity(names=(Name(name="Ada Example"),)))
    column = pa.array([["a fox", "by Ada Example"], None, [], ["Ada Example", None]])
    hits = match_batch(None, None, column, identifiers)
    assert [(hit.index, sorted(hit.caveats)) for hit in hits] == [(0, ["machine_caption"]), (3, ["machine_caption"])]


def test_cells_that_are_no_utf8_are_read_with_replacement_characters() -> None:
    identifiers = accelerated(compile_identifiers(Identity(names=(Name(name="Ada Example"),))))
    column = pa.array(
        [b"\xff\xfeAda Example\x80", b"Ada\xc3 Example", b"Ada\xe2\x80Example", b"\xed\xa0\x80Ada Example"], pa.binary()
    )
    hits = match_batch(None, column, None, identifiers)
    assert [hit.index for hit in hits] == [0, 3]
    assert hits[0].row_value == "\ufffd\ufffdAda Example\ufffd"
    assert hits == match_batch_reference(None, column, None, identifiers)


def test_text_that_is_no_text_column_gives_nothing() -> None:
    identifiers = compile_identifiers(Identity(names=(Name(name="Ada Example"),)))
    assert match_batch(pa.nulls(3), pa.array([1, 2, 3]), None, identifiers) == []
    assert match_batch(None, None, None, identifiers) == []


def test_the_skeleton_of_every_character_is_that_of_its_forms() -> None:
    """What makes the filter a superset: normal and folded form do only what the skeleton does, on all characters.

    Of the long rows of Han and Hangul that have no forms, every hundredth.
    """
    rows = [range(0x3400, 0xA000), range(0xAC00, 0xD7A4), range(0x20000, 0x2F800), range(0x30000, 0x110000)]
    long = {code for row in rows for code in row} - {code for row in rows for code in row[::100]}
    for code in itertools.chain(range(0xD800), range(0xE000, 0x110000)):
        if code in long or unicodedata.category(chr(code)) in {"Cn", "Co"}:
            continue
        text = f"x{chr(code)}x"
        once = skeleton_text(text)
        assert skeleton_text(normal_form(text)) == once, hex(code)
        assert skeleton_text(folded_form(normal_form(text))) == once, hex(code)
    table = skeleton_table()
    assert table.pool.max() < LIMIT
    assert table.kind[table.pool].max() < 3


@settings(deadline=None, max_examples=200)
@given(TEXT)
def test_the_skeleton_of_a_text_is_that_of_its_forms(text: str) -> None:
    assert skeleton_text(normal_form(text)).strip() == skeleton_text(text).strip()
    assert skeleton_text(folded_form(normal_form(text))).strip() == skeleton_text(text).strip()


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("A%41%2541%252541", b"aaaa"),
        ("a&amp;b&%61mp;c", b"a&b&c"),
        ("%zz%", b"%zz%"),
        ("%C3%89", b"\xc3\x89"),
        ("%2f%3A", b"/:"),
    ],
)
def test_an_address_is_spelled_out_without_escapes(text: str, spelled: bytes) -> None:
    assert stream(text) == spelled
