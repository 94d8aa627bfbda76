"""No text of ours claims more than was compared: the linter over every template and everything rendered, in both languages."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import claim_linter
import package_builder
import pytest

from manifests.exports.choice import Choice
from manifests.exports.drafts import drafts
from manifests.exports.evidence_csv import COLUMNS, evidence_csv
from manifests.exports.statutes import STATUTES
from manifests.packages import Package, open_package
from manifests.report import write_report
from manifests.showing import lines
from manifests.texts import package_texts, templates
from manifests.texts.labels import _LABELS, TIER_NAMES, all_texts
from manifests.words import CAVEATS, STATEMENTS

if TYPE_CHECKING:
    from manifests.words import Lang

LANGUAGES: tuple[Lang, ...] = ("en", "zh")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("claims") / "p"
    package_builder.write(package_builder.world(), folder)
    return open_package(folder)


@pytest.mark.parametrize(
    "claim",
    [
        "97.5 % of them",
        "a match of 97 percent",
        "the model was trained on it",
        "it was used to train a model",
        "copied by the company",
        "this proves it",
        "proof of copying",
        "they are identical",
        "the same picture",
        "similarity 0.98",
        "most likely",
        "UNLIKELY",
        "it is in the dataset",
        "it is not in the  dataset",
        "ｉｄｅｎｔｉｃａｌ",
        "该作品被用于训练模型",
        "证实了侵权",
        "相似度很高",
        "完全相同",
        "不在数据集中",
    ],
)
def test_the_linter_refuses_a_claim(claim: str) -> None:
    assert claim_linter.hits(claim)


@pytest.mark.parametrize(
    "plain",
    [
        "The URL is listed in the dataset.",
        "4 of 64 bits differ",
        "proofs/tsa holds the stamps",
        "Who copied the picture, and what any model did with it, is outside this package",
        "初步证明材料清单",
    ],
)
def test_the_linter_lets_plain_words_pass(plain: str) -> None:
    assert claim_linter.hits(plain) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_sentence_or_caveat_claims_too_much(lang: Lang) -> None:
    said: dict[str, str] = {str(code): text[lang] for table in (STATEMENTS, CAVEATS) for code, text in table.items()}
    assert {code: hits for code, text in said.items() if (hits := claim_linter.hits(text))} == {}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_label_claims_too_much(lang: Lang) -> None:
    assert {code: hits for code, text in all_texts(lang).items() if (hits := claim_linter.hits(text))} == {}


def test_no_template_or_command_claims_too_much() -> None:
    assert {name: hits for name, text in templates().items() if (hits := claim_linter.hits(text))} == {}


def test_no_column_of_the_table_claims_too_much() -> None:
    said = [text for column in COLUMNS for text in column]
    assert [hits for text in said if (hits := claim_linter.hits(text))] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_rendered_text_claims_too_much(package: Package, lang: Lang) -> None:
    for name, content in package_texts(package, lang).items():
        assert claim_linter.hits(content.decode()) == [], name


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_report_claims_too_much(package: Package, lang: Lang) -> None:
    page = write_report(package, lang).decode()
    assert claim_linter.hits(claim_linter.visible(page)) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_screen_claims_too_much(package: Package, lang: Lang) -> None:
    assert claim_linter.hits("\n".join(lines(package, lang))) == []


def test_no_table_claims_too_much(package: Package) -> None:
    table = b"".join(chunk for _, chunk in evidence_csv(package)).decode("utf-8-sig")
    assert claim_linter.hits(table) == []


def test_no_draft_claims_too_much_outside_the_words_of_the_law(package: Package) -> None:
    for name, content in drafts(package, Choice()).items():
        assert claim_linter.hits(claim_linter.without_law(content.decode())) == [], name


def test_the_law_is_quoted_and_would_be_refused_unquoted(package: Package) -> None:
    notice = drafts(package, Choice())["notice-dmca-512c3.md"].decode()
    assert claim_linter.hits(notice)


def test_what_others_wrote_is_refused_outside_and_exempt_inside_quotation_marks() -> None:
    claim = "this proves the model was trained on the same picture, 100 %"
    assert claim_linter.hits(f"Caption: {claim}")
    assert claim_linter.hits(claim_linter.without_quotations(f"Caption: “{claim}”")) == []


def test_a_reports_third_party_text_stands_in_quotation_marks(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = package_builder.world()
    for rows in world.rows.values():
        for row in rows:
            row["values"][1][2] = row["values"][1][2] and "identical, trained on"
    for match in world.matches:
        match["row"]["caption"] = match["row"]["caption"] and "identical, trained on"
    folder = tmp_path_factory.mktemp("quoted") / "p"
    package_builder.write(world, folder)
    for text in (
        claim_linter.visible(write_report(open_package(folder), "en").decode()),
        "\n".join(lines(open_package(folder), "en")),
    ):
        assert "identical, trained on" in " ".join(text.split())
        joined = " ".join(text.split()).replace("“ ", "“").replace(" ”", "”")
        assert claim_linter.hits(claim_linter.without_quotations(joined)) == []


def test_each_quoted_passage_of_law_is_listed_by_its_digest() -> None:
    listed = {line.split()[0] for line in claim_linter.PASSAGES.read_text(encoding="utf-8").splitlines()}
    assert {hashlib.sha256(passage.encode()).hexdigest() for _, passage in STATUTES.values()} == listed


def test_both_languages_fill_the_same_values() -> None:
    def names(text: str) -> set[str]:
        from string import Formatter

        return {name for _, name, _, _ in Formatter().parse(text) if name}

    for code, (english, chinese) in {**_LABELS, **TIER_NAMES}.items():
        assert names(english) == names(chinese), code


def test_no_chinese_text_is_left_in_english() -> None:
    allowed = {"compared_url"}
    same = [code for code, (english, chinese) in {**_LABELS, **TIER_NAMES}.items() if english == chinese]
    assert set(same) <= allowed
