"""The vectors that ship with the format (``manifests/spec``): added to, never edited.  Both verifiers' code is held to them."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from manifests.canonical import canonical_bytes, parse_canonical
from manifests.errors import FormatError
from manifests.exports.cells import escape, unescape
from manifests.exports.evidence_csv import COLUMNS
from manifests.merkle import inclusion_paths, leaf_hash, root, root_from_path
from manifests.records import match_id, values_sha256
from manifests.tiers import GRADE_OF, TIER_OF, StatementCode, Tier, chance_text
from manifests.words import CAVEATS, STATEMENTS, caveat_text, sentence

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tamper"))
import second_verifier

SPEC = resources.files("manifests") / "spec"
VECTORS: dict[str, Any] = json.loads((SPEC / "vectors.json").read_text(encoding="utf-8"))
WORDS: dict[str, Any] = json.loads((SPEC / "words.json").read_text(encoding="utf-8"))


def leaves(lines: list[str]) -> list[bytes]:
    return [leaf_hash(line.encode()) for line in lines]


@pytest.mark.parametrize("vector", VECTORS["canonical"], ids=lambda vector: repr(vector["value"])[:30])
def test_a_value_has_its_one_spelling(vector: dict[str, Any]) -> None:
    spelled = bytes.fromhex(vector["hex"])
    assert canonical_bytes(vector["value"]) == spelled == second_verifier.canonical(vector["value"])
    assert parse_canonical(spelled) == vector["value"]


@pytest.mark.parametrize("text", VECTORS["refused"], ids=lambda text: repr(text)[:30])
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        parse_canonical(text.encode())


@pytest.mark.parametrize("vector", VECTORS["merkle"], ids=lambda vector: str(len(vector["lines"])))
def test_the_root_is_that_of_rfc_6962(vector: dict[str, Any]) -> None:
    assert root(leaves(vector["lines"])).hex() == vector["root"]
    assert second_verifier.root([leaf.hex() for leaf in leaves(vector["lines"])]) == vector["root"]


@pytest.mark.parametrize("vector", VECTORS["paths"], ids=lambda vector: f"{vector['index']} of {vector['size']}")
def test_the_path_leads_to_the_root(vector: dict[str, Any]) -> None:
    hashes = leaves([f'{{"n":{number}}}' for number in range(vector["size"])])
    path = [bytes.fromhex(digest) for digest in vector["path"]]
    assert inclusion_paths(hashes, [vector["index"]]) == [path]
    assert root_from_path(hashes[vector["index"]], vector["index"], vector["size"], path) == root(hashes)


def test_ids_and_digests_of_rows_are_those_of_the_vectors() -> None:
    for vector in VECTORS["match_id"]:
        facts = (vector["work_sha256"], vector["shard_id"], vector["row_number"], vector["item"])
        assert match_id(*facts) == vector["match_id"]
    for vector in VECTORS["values_sha256"]:
        assert values_sha256(vector["values"]) == vector["sha256"]
    for vector in VECTORS["chance"]:
        assert chance_text(Decimal(vector["exact"])) == vector["text"]


@pytest.mark.parametrize("vector", VECTORS["cells"], ids=lambda vector: repr(vector["raw"])[:20])
def test_a_cell_is_that_of_the_vectors(vector: dict[str, Any]) -> None:
    cell = escape(vector["raw"], vector["prefix"])
    assert (cell.text, cell.escaped) == (vector["text"], vector["escaped"])
    assert second_verifier.cell(vector["raw"], vector["prefix"]) == vector["text"]
    assert unescape(cell.text, cell.escaped, vector["prefix"]) == vector["raw"]


@pytest.mark.parametrize("vector", VECTORS["sentences"], ids=lambda vector: str(vector["match"]["statement_code"]))
def test_a_finding_carries_its_sentence(vector: dict[str, Any]) -> None:
    assert sentence(vector["match"], "en") == vector["en"]
    assert sentence(vector["match"], "zh") == vector["zh"]


def test_the_vectors_hold_every_sentence() -> None:
    assert {vector["match"]["statement_code"] for vector in VECTORS["sentences"]} == set(StatementCode)


def test_the_words_of_the_specification_are_those_of_the_program() -> None:
    assert WORDS["tiers"] == {tier.value: GRADE_OF[tier].value for tier in Tier}
    assert list(WORDS["statements"]) == [code.value for code in StatementCode]
    for code in StatementCode:
        said = WORDS["statements"][code]
        assert {"en": said["en"], "zh": said["zh"]} == STATEMENTS[code]
        assert said["tier"] == (TIER_OF[code].value if code in TIER_OF else None)
    assert {code: WORDS["caveats"][code] for code in CAVEATS} == CAVEATS
    assert caveat_text("fetch_off", "zh") == "未访问任何网址。"


def test_the_columns_of_the_specification_are_those_of_the_program() -> None:
    columns = json.loads((SPEC / "columns.json").read_text(encoding="utf-8"))
    assert [(one["column"], one["prefix"], one["en"], one["zh"]) for one in columns] == list(COLUMNS)
    assert len(columns) == 64
