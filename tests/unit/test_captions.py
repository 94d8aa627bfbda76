"""Names in captions: the corpus by hand, the normal form, short names, statistics of letters."""

import unicodedata

import pytest
from caption_corpus import CORPUS, LINES, Group

from scanner.captions import Term, TermIndex, compile_term
from scanner.hanzi import MAX_SPELLINGS, spellings
from scanner.identity import Identity, Name
from scanner.metadata import compile_identifiers
from scanner.normal_text import folded_form, is_format, normal_form, script_warnings
from scanner.works import Declared, Work


def work(title: str | None) -> Work:
    from decimal import Decimal

    return Work(
        file="a.png", files=("a.png",), sha256="a" * 64, md5="b" * 32, bytes=1, format="PNG", width=1, height=1, detail=Decimal(1),
        fingerprints=(), declared=Declared(title=title),
    )  # fmt: skip


def index_of(group: Group) -> TermIndex:
    if group.kind == "name":
        identity = Identity(names=(Name(name=group.value, given=group.given, family=group.family),))
    elif group.kind == "alias":
        identity = Identity(aliases=(group.value,))
    else:
        identity = Identity(handles=(group.value,) if group.kind == "handle" else ())
    return compile_identifiers(identity, [work(group.value if group.kind == "title" else None)]).terms


def test_the_corpus_is_as_large_as_the_target_asks() -> None:
    assert LINES >= 300
    assert len({group.script for group in CORPUS}) >= 8


@pytest.mark.parametrize("group", CORPUS, ids=lambda group: group.value)
def test_a_declared_term_is_found_where_it_stands_and_nowhere_else(group: Group) -> None:
    index = index_of(group)
    wanted = [(text, "found") for text in group.found] + [(text, "folded") for text in group.folded]
    wanted += [(text, "styled") for text in group.styled] + [(text, "missed") for text in group.missed]
    wrong = []
    for text, kind in wanted:
        found = index.found_in(text)
        assert found == index.found_in_reference(text)
        said = "missed" if not found else "folded" if found[0].folded else "styled" if found[0].styled else "found"
        if said != kind:
            wrong.append((text, kind, said))
    assert wrong == []


def test_a_name_of_two_characters_counts_only_beside_another_declared_term() -> None:
    index = compile_identifiers(Identity(names=(Name(name="王伟"),), handles=("wangpaints",))).terms
    assert [one.term.value for one in index.found_in("王伟的画")] == []
    assert [one.term.value for one in index.found_in("王伟 @wangpaints")] == ["王伟", "wangpaints"]
    assert [one.term.value for one in index.found_in("wangpaints")] == ["wangpaints"]


def test_two_spellings_of_one_place_do_not_vouch_for_each_other() -> None:
    index = compile_identifiers(Identity(names=(Name(name="王伟"),), aliases=("王伟王",))).terms
    assert [one.term.value for one in index.found_in("王伟王")] == ["王伟王"]


@pytest.mark.parametrize("title", ["Untitled", "Self-Portrait", "Fox", "Still life", "无题", "---", ""])
def test_a_title_that_means_nothing_is_not_looked_for(title: str) -> None:
    identifiers = compile_identifiers(None, [work(title)])
    assert identifiers.terms.terms == ()
    if title:
        assert any(repr(title) in warning for warning in identifiers.warnings)


def test_one_short_word_is_shared_from_the_start() -> None:
    term = compile_term("alias", "Rose")
    assert term is not None
    assert term.shared
    long = compile_term("alias", "Rosalinda")
    assert long is not None
    assert not long.shared


@pytest.mark.parametrize(
    ("name", "warned"),
    [
        ("Аda", True),
        ("Сор", True),
        ("Ada", False),
        ("Иван", False),
        ("Ada Иван", False),
        ("Νίκος", False),
        ("葛飾Ada", False),
    ],
)
def test_an_owner_is_warned_of_letters_that_look_like_others(name: str, warned: bool) -> None:
    assert bool(script_warnings(name)) is warned


def test_the_table_of_format_characters_knows_all_that_this_python_knows() -> None:
    unknown = [
        hex(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf" and not is_format(chr(code))
    ]
    assert unknown == []


def test_normal_forms_are_stable_on_every_character() -> None:
    for code in range(0x110000):
        once = normal_form(chr(code))
        assert folded_form(once) == folded_form(normal_form(once)), hex(code)


def test_a_megabyte_of_combining_marks_costs_no_quadratic_time() -> None:
    import time

    started = time.process_time()
    normal_form("a" + "\u0301\u0323\u05b0\u0f71" * 100_000)
    assert time.process_time() - started < 3


def test_spellings_of_a_name_are_few_and_in_a_fixed_order() -> None:
    assert spellings("Ada Example") == ()
    assert spellings("齐白石") == ("齊白石", "斉白石")
    assert "葛饰北斋" in spellings("葛飾北斎")
    assert len(spellings("高邊斎發龍國學" * 3)) <= MAX_SPELLINGS


def test_terms_of_equal_text_from_two_works_are_both_found() -> None:
    terms = tuple(term for number in (0, 1) if (term := compile_term("title", "The Red Fox", work=number)) is not None)
    assert isinstance(terms[0], Term)
    assert [one.term.work for one in TermIndex(terms).found_in("the red fox")] == [0, 1]
