from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scanner.errors import LedgerError, OutputError
from scanner.ledger import LedgerEvent, open_ledger, peek_meta, write_atomic


def test_an_outcome_is_given_back_as_it_was(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "p") as ledger:
        ledger.record_outcome("k", b"content")
    with open_ledger(tmp_path / "p") as ledger:
        assert ledger.outcome("k") == b"content"
        assert ledger.outcome("other") is None


@pytest.mark.parametrize("damage", ["changed", "removed"])
def test_a_damaged_outcome_is_forgotten_not_believed(tmp_path: Path, damage: str) -> None:
    with open_ledger(tmp_path / "p") as ledger:
        ledger.record_outcome("k", b"content")
        file = tmp_path / "p" / "outcomes" / "k.jsonl"
        file.write_bytes(b"kontent") if damage == "changed" else file.unlink()
        assert ledger.outcome("k") is None
        ledger.record_outcome("k", b"again")
        assert ledger.outcome("k") == b"again"


def test_a_second_run_is_refused_while_the_first_is_at_work(tmp_path: Path) -> None:
    with (
        open_ledger(tmp_path / "p"),
        pytest.raises(LedgerError, match="another scan is at work"),
        open_ledger(tmp_path / "p"),
    ):
        pass
    with open_ledger(tmp_path / "p") as ledger:
        ledger.remember("a", "b")
    assert peek_meta(tmp_path / "p", "a") == "b"


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "p"):
        pass
    with sqlite3.connect(tmp_path / "p" / "ledger.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LedgerError, match="newer version"), open_ledger(tmp_path / "p"):
        pass


def test_a_ledger_of_version_1_is_migrated_with_what_it_holds(tmp_path: Path) -> None:
    from scanner.ledger.schema import VERSIONS

    (tmp_path / "p" / "outcomes").mkdir(parents=True)
    (tmp_path / "p" / "outcomes" / "k.jsonl").write_bytes(b"content")
    with closing(sqlite3.connect(tmp_path / "p" / "ledger.sqlite")) as old, old:
        old.executescript(f"{VERSIONS[0]} PRAGMA user_version = 1;")
        digest = hashlib.sha256(b"content").hexdigest()
        old.execute("INSERT INTO outcomes VALUES ('k', 'k.jsonl', ?)", (digest,))
        old.execute("INSERT INTO meta VALUES ('scan_key', 'x')")
        old.execute("INSERT INTO events (at, actor, action) VALUES ('2026-01-01T00:00:00Z', 'tool', 'began')")
    with open_ledger(tmp_path / "p") as ledger:
        assert ledger.outcome("k") == b"content"
        assert ledger.meta("scan_key") == "x"
        assert [event.action for event in ledger.events()] == ["began"]
    with closing(sqlite3.connect(tmp_path / "p" / "ledger.sqlite")) as now:
        assert now.execute("PRAGMA user_version").fetchone() == (2,)


def test_what_a_crash_left_between_file_and_row_is_put_right(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "p") as ledger:
        ledger.record_outcome("kept", b"1")
        ledger.record_outcome("lost", b"2")
    (tmp_path / "p" / "outcomes" / "lost.jsonl").unlink()
    (tmp_path / "p" / "outcomes" / "unrecorded.jsonl").write_bytes(b"3")
    (tmp_path / "p" / "outcomes" / "half.jsonl.tmp").write_bytes(b"4")
    with open_ledger(tmp_path / "p") as ledger:
        assert [path.name for path in (tmp_path / "p" / "outcomes").iterdir()] == ["kept.jsonl"]
        assert [key for (key,) in ledger.rows("SELECT key FROM outcomes")] == ["kept"]


def test_the_refused_run_is_told_whose_the_lock_is(tmp_path: Path) -> None:
    with (
        open_ledger(tmp_path / "p"),
        pytest.raises(LedgerError, match=f"process {os.getpid()}, since 20"),
        open_ledger(tmp_path / "p"),
    ):
        pass


def test_a_damaged_ledger_is_said_to_be_damaged(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "p") as ledger:
        for number in range(200):
            ledger.remember(f"name {number}", "x" * 100)
    content = bytearray((tmp_path / "p" / "ledger.sqlite").read_bytes())
    content[100:3000] = b"\xff" * 2900
    (tmp_path / "p" / "ledger.sqlite").write_bytes(content)
    with pytest.raises(LedgerError, match="damaged"), open_ledger(tmp_path / "p"):
        pass


def test_events_keep_their_order_and_their_words(tmp_path: Path) -> None:
    events = [
        LedgerEvent(at="2026-01-01T00:00:00Z", actor="tool", action=str(n), object=None, sha256=None) for n in range(5)
    ]
    with open_ledger(tmp_path / "p") as ledger:
        for event in events:
            ledger.record_event(event)
        assert list(ledger.events()) == events


def test_a_digest_is_known_only_for_an_unchanged_file(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "p") as ledger:
        ledger.record_digest("a.parquet", 10, "10:1", "sha256:x", "x")
        assert ledger.digest("a.parquet", 10, "10:1") == ("sha256:x", "x")
        assert ledger.digest("a.parquet", 10, "10:2") is None
        assert ledger.digest("a.parquet", 11, "10:1") is None


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError), open_ledger(tmp_path / "file" / "p"):
        pass


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    (target / "inside").write_bytes(b"")
    with pytest.raises(OutputError):
        write_atomic(target, b"content")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]
