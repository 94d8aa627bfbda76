"""Decisions in files and at the keyboard, and the package that a review becomes."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import package_builder
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests.chaining import naming
from manifests.errors import FormatError, ManifestError, OutputError, VerificationError
from manifests.packages import open_package
from manifests.reviewing import Choice, Decision, Defaults, Journal, Session, press, read_decisions, review
from manifests.reviewing.session import KEYS, Action, begun, with_note

if TYPE_CHECKING:
    from pathlib import Path

AT = "2026-11-22T09:00:00Z"
ID = "m-" + "ab" * 16


def decision(match_id: str = ID, choice: Choice = Choice.CONFIRMED, note: str = "") -> Decision:
    return Decision(match_id=match_id, choice=choice, by="R. Viewer", at=AT, note=note)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages") / "package"
    package_builder.build_package(folder)
    return folder


def ids(package: Path) -> list[str]:
    return [match["match_id"] for match in open_package(package).records("matches")]


# --- decisions files ---------------------------------------------------------------------------------------------------

HEADER = "match_id,decision,by,at,note"
ROW = f"{ID},confirmed,R. Viewer,{AT},"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n{ROW}\n",
        f"\ufeff{HEADER}\r\n{ROW}\r\n",
        f"{HEADER}\n\n{ROW}\n,,,,\n",
        f"{HEADER}\n{ROW}".replace(",", ";"),
        f"{HEADER}\n{ROW}".replace(",", "\t"),
        f"Match_ID , Decision,by,at\n{ID}, Confirmed ,R. Viewer,{AT}\n",
        f"decision,match_id,at,by\nCONFIRMED,{ID},{AT},R. Viewer\n",
        json.dumps({"match_id": ID, "decision": "confirmed", "by": "R. Viewer", "at": AT, "note": ""}) + "\n\n",
        "\ufeff" + json.dumps({"match_id": ID, "decision": "confirmed", "by": "R. Viewer", "at": AT, "note": None}),
    ],
)
def test_a_decision_is_read_as_spreadsheets_and_programs_write_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "d").write_bytes(text.encode())
    assert read_decisions(tmp_path / "d") == (decision(),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{HEADER}\n{ROW}\n{ROW}\n", r"d:3: .*twice"),
        (f"{HEADER}\n{ROW[:-1]}\n", r"d:2: 4 fields under 5"),
        (f"{HEADER},colour\n{ROW},red\n", "unknown field 'colour'"),
        ("decision\nconfirmed\n", "no column 'match_id'"),
        (f"{HEADER},note\n{ROW},\n", "named twice"),
        (
            f"{HEADER}\n{ROW.replace('confirmed', 'yes')}\n",
            r"d:2.decision: 'yes' is none of confirmed, rejected, undecided",
        ),
        (f"{HEADER}\n{ROW.replace(AT, '22/11/2026')}\n", r"d:2.at: not a time"),
        (f"{HEADER}\n{ROW.replace(AT, '2026-13-22T09:00:00Z')}\n", r"d:2.at: not a time"),
        (f"{HEADER}\n{ROW.replace(ID, 'm-1')}\n", r"d:2.match_id: not a match id"),
        (f"{HEADER}\n{ROW.replace('R. Viewer', ' ')}\n", r"d:2.by: nobody"),
        (f'{HEADER}\n{ID},confirmed,me,{AT},"open\n', "not CSV"),
        ('{"match_id":\n', r"d:1: not JSON"),
        ("{}\n[]\n", r"d:1.match_id"),
        (json.dumps({"match_id": ID, "decision": "confirmed", "by": 1, "at": AT}), r"d:1.by"),
        (f"{HEADER}\n{ROW}{'x' * 20_001}\n", r"d:2.note: .*20000"),
    ],
)
def test_a_wrong_decision_is_refused_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "d").write_bytes(text.encode())
    with pytest.raises(FormatError, match=why):
        read_decisions(tmp_path / "d")


def test_what_is_not_utf8_is_refused_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes(f"{HEADER}\n{ROW}Ja, sch\xf6n\n".encode("latin-1"))
    with pytest.raises(FormatError) as caught:
        read_decisions(tmp_path / "d.csv")
    assert "CSV UTF-8" in caught.value.hint


def test_blank_names_and_times_take_what_the_command_line_says(tmp_path: Path) -> None:
    (tmp_path / "d").write_text(f"match_id,decision\n{ID},confirmed\n", encoding="utf-8")
    assert read_decisions(tmp_path / "d", Defaults(by="R. Viewer", at=AT)) == (decision(),)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
@settings(deadline=None, max_examples=150)
def test_a_note_comes_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, note: str) -> None:
    """Formulas, quotes, line ends, NUL: nothing is changed here, whichever file it came in."""
    file = tmp_path_factory.getbasetemp() / "note"
    fields = decision(note=note).as_json()
    file.write_bytes(json.dumps(fields).encode())
    assert read_decisions(file)[0].note == note
    if "\0" in note or "\r" in note:  # csv itself knows no NUL before 3.11 and folds lone CR
        return
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, list(fields), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerow(fields)
    file.write_bytes(table.getvalue().encode())
    assert read_decisions(file)[0].note == note


# --- the new package ---------------------------------------------------------------------------------------------------


def test_a_review_names_the_old_package_and_changes_only_review_and_counts(package: Path, tmp_path: Path) -> None:
    first, second, third, *_ = ids(package)
    made = review(
        package,
        [decision(first), decision(second, Choice.REJECTED, "=1+1"), decision(third, Choice.UNDECIDED)],
        tmp_path / "reviewed",
    )
    old, new = open_package(package), open_package(tmp_path / "reviewed")
    assert made.manifest_sha256 == new.manifest_sha256
    assert new.manifest["kind"] == "review"
    assert new.manifest["previous"] == naming(old)
    assert new.manifest["results"]["reviewed"] == {
        "confirmed": 1, "rejected": 1, "undecided": 1, "unreviewed": len(ids(package)) - 3
    }  # fmt: skip
    changed = {"kind", "previous", "results", "files"}
    assert {key for key in old.manifest if old.manifest[key] != new.manifest[key]} == changed
    assert old.manifest["results"] | {"reviewed": None} == new.manifest["results"] | {"reviewed": None}
    kept = {entry["path"]: entry["sha256"] for entry in old.manifest["files"]}
    assert {entry["path"] for entry in new.manifest["files"] if kept.get(entry["path"]) != entry["sha256"]} == {
        "matches.jsonl"
    }
    assert set(kept) == {entry["path"] for entry in new.manifest["files"]}
    before, after = list(old.records("matches")), list(new.records("matches"))
    assert [{**match, "review": None} for match in after] == before
    assert [match["review"] and match["review"]["decision"] for match in after[:4]] == [
        "confirmed", "rejected", "undecided", None
    ]  # fmt: skip


def test_a_note_that_is_a_formula_is_harmless_in_the_table(package: Path, tmp_path: Path) -> None:
    first = ids(package)[0]
    review(package, [decision(first, note="=cmd|' /C calc'!A0")], tmp_path / "reviewed")
    assert next(open_package(tmp_path / "reviewed").records("matches"))["review"]["note"].startswith("=")
    table = (tmp_path / "reviewed/data/exports/evidence.csv").read_text(encoding="utf-8-sig")
    row = next(csv.DictReader(io.StringIO(table)))
    assert row["review_note"].startswith("'=")
    assert row["review_decision"] == "confirmed"


def test_an_unknown_finding_is_an_error_and_nothing_is_written(package: Path, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"does not hold, first m-abab"):
        review(package, [decision(ids(package)[0]), decision()], tmp_path / "reviewed")
    with pytest.raises(ManifestError, match="no decision"):
        review(package, [], tmp_path / "reviewed")
    assert list(tmp_path.iterdir()) == []


def test_a_review_of_a_review_keeps_what_is_not_decided_again(package: Path, tmp_path: Path) -> None:
    first, second, *_ = ids(package)
    review(package, [decision(first), decision(second)], tmp_path / "one")
    review(tmp_path / "one", [decision(second, Choice.REJECTED)], tmp_path / "two")
    reviews = [match["review"] for match in open_package(tmp_path / "two").records("matches")]
    assert [entry and entry["decision"] for entry in reviews[:3]] == ["confirmed", "rejected", None]
    assert open_package(tmp_path / "two").manifest["previous"]["kind"] == "review"


def test_a_review_is_the_same_twice(package: Path, tmp_path: Path) -> None:
    made = [review(package, [decision(ids(package)[0])], tmp_path / name).manifest_sha256 for name in ("a", "b")]
    assert made[0] == made[1]


def test_a_changed_package_cannot_be_reviewed(package: Path, tmp_path: Path) -> None:
    """Or a raised tier would be sealed anew, with digests that hold."""
    copy = shutil.copytree(package, tmp_path / "copy")
    matches = copy / "data/matches.jsonl"
    matches.write_bytes(matches.read_bytes().replace(b'"value":4', b'"value":3', 1))
    with pytest.raises(VerificationError):
        review(copy, [decision(ids(package)[0])], tmp_path / "reviewed")
    assert not (tmp_path / "reviewed").exists()


# --- at the keyboard ---------------------------------------------------------------------------------------------------

THREE = ("m-1", "m-2", "m-3")


def typed(session: Session, keys: str) -> Session:
    for key in keys:
        session = press(session, key, by="R. Viewer", at=AT).session
    return session


def choices(session: Session) -> dict[str, str]:
    return {match_id: made.choice.value for match_id, made in session.decided.items()}


def test_deciding_goes_on_to_the_next_open_finding() -> None:
    session = typed(begun(THREE, {}), "c")
    assert session.current == "m-2"
    session = typed(session, "nr")
    assert (session.current, session.left) == ("m-2", 1)
    assert choices(session) == {"m-1": "confirmed", "m-3": "rejected"}
    last = press(session, "u", by="R. Viewer", at=AT)
    assert last.action is Action.FINISHED
    assert last.decision == Decision(match_id="m-2", choice=Choice.UNDECIDED, by="R. Viewer", at=AT, note="")


def test_a_decision_can_be_changed_by_going_back() -> None:
    assert choices(typed(begun(THREE, {}), "cbr")) == {"m-1": "rejected"}


def test_a_note_goes_with_the_decision_before_or_after_it() -> None:
    noted = with_note(begun(THREE, {}), "signature visible", by="R. Viewer", at=AT)
    assert noted.decision is None
    decided = press(noted.session, "c", by="R. Viewer", at=AT)
    assert decided.decision is not None
    assert decided.decision.note == "signature visible"
    again = with_note(typed(decided.session, "b"), "on second look", by="R. Viewer", at=AT)
    assert again.decision == replace(decided.decision, note="on second look")


def test_keys_that_ask_the_screen_change_nothing() -> None:
    session = begun(THREE, {})
    for key, action in (
        ("o", Action.PICTURES),
        ("?", Action.HELP),
        ("w", Action.WRITE),
        ("q", Action.LEAVE),
        ("t", Action.NOTE),
        ("x", Action.UNKNOWN),
        ("", Action.UNKNOWN),
    ):
        assert press(session, key, by="R. Viewer", at=AT) == (session, action, None)


def test_a_session_resumes_at_the_first_open_finding() -> None:
    made = {match_id: decision(match_id) for match_id in ("m-1", "m-3", "m-gone")}
    session = begun(THREE, made)
    assert (session.current, session.left) == ("m-2", 1)
    assert "m-gone" not in session.decided
    with pytest.raises(ValueError, match="no findings"):
        begun((), {})


@given(st.text(st.sampled_from([*KEYS, "z"]), max_size=40))
@settings(deadline=None, max_examples=200)
def test_whatever_is_typed_the_journal_replays_to_the_same_decisions(keys: str) -> None:
    session, journal = begun(THREE, {}), list[Decision]()
    for key in keys:
        session, _, made = press(session, key, by="R. Viewer", at=AT)
        journal += [made] if made else []
        assert 0 <= session.position < 3
    assert {made.match_id: made for made in journal} == session.decided


def test_a_journal_survives_a_kill_in_the_middle_of_a_line(tmp_path: Path) -> None:
    file = tmp_path / "reviews/journal.jsonl"
    journal = Journal(file, "0" * 64)
    journal.append(decision())
    journal.append(decision(choice=Choice.REJECTED, note="x\u2028y"))
    whole = file.read_bytes()
    for cut in range(0, len(whole), 5):
        file.write_bytes(whole[:cut])
        kept = Journal(file, "0" * 64).decisions
        assert set(kept) <= {ID}
        assert file.read_bytes().endswith(b"\n")
    file.write_bytes(whole)
    assert Journal(file, "0" * 64).decisions == {ID: decision(choice=Choice.REJECTED, note="x\u2028y")}


def test_a_journal_of_another_package_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path / "j", "0" * 64)
    with pytest.raises(FormatError, match="not about this package"):
        Journal(tmp_path / "j", "1" * 64)


def test_a_damaged_journal_is_refused_with_its_line(tmp_path: Path) -> None:
    Journal(tmp_path / "j", "0" * 64).append(decision())
    damaged: Any = (tmp_path / "j").read_bytes() + b"{}\n"
    (tmp_path / "j").write_bytes(damaged)
    with pytest.raises(FormatError, match="j:3"):
        Journal(tmp_path / "j", "0" * 64)


def test_a_journal_that_cannot_be_kept_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be"):
        Journal(tmp_path / "file/j", "0" * 64)
