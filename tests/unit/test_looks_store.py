"""The store of looks: whole or not at all, whatever the moment of a crash, and the same bytes back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.errors import LedgerError, OutputError
from scanner.looks import open_looks
from scanner.looks.store import dumped, loaded, remove_looks
from scanner.observations import ArchiveCopy, Capture, Exchange, FetchOutcome, Look, Observation, Redirect

if TYPE_CHECKING:
    from pathlib import Path

AT = "2026-11-21T10:15:00Z"


def look(url: str, body: bytes = b"body", outcome: FetchOutcome = FetchOutcome.IMAGE, at: str = AT) -> Look:
    exchange = Exchange(
        url=url, requested_at=at, method="GET", request_fields=((b"Host", b"a.test"),), http_version="HTTP/1.1", status=200,
        reason=b"OK", fields=((b"X-\xe9", b"\xff\x00"),), body=body, ip="127.0.0.1",
    )  # fmt: skip
    return Look(
        observation=Observation(kind="live", url=url, requested_at=at, outcome=outcome),
        exchanges=(exchange,),
        facts={"tries": 1},
    )


texts = st.text(max_size=20)
fields = st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=8)), max_size=4).map(tuple)
exchanges = st.builds(
    Exchange, url=texts, requested_at=texts, method=texts, request_fields=fields, http_version=texts, status=st.integers(100, 999),
    reason=st.binary(max_size=8), fields=fields, body=st.binary(max_size=50), cut=st.booleans(), ip=texts,
    tls_version=st.none() | texts, certificate_sha256=st.none() | texts, milliseconds=st.integers(0, 99),
)  # fmt: skip
looks = st.builds(
    Look,
    observation=st.builds(
        Observation, kind=st.sampled_from(["live", "archive"]), url=texts, requested_at=texts, outcome=st.sampled_from(FetchOutcome),
        status=st.none() | st.integers(100, 999), final_url=st.none() | texts, ip=st.none() | texts,
        redirects=st.lists(st.builds(Redirect, url=texts, status=st.integers(300, 399), location=texts, ip=texts), max_size=2).map(tuple),
        capture=st.none() | st.builds(Capture, file=texts, record_id=texts),
        archive=st.none() | st.builds(ArchiveCopy, name=texts, captured_at=texts),
        opt_out=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
    ),
    exchanges=st.lists(exchanges, max_size=3).map(tuple),
    facts=st.dictionaries(texts, texts | st.integers() | st.booleans(), max_size=3),
)  # fmt: skip


@given(looks)
def test_a_look_reads_back_as_itself(known: Look) -> None:
    assert loaded(dumped(known)) == known


def test_the_latest_look_at_an_address_counts_and_all_come_in_the_order_of_time(tmp_path: Path) -> None:
    with open_looks(tmp_path) as store:
        store.keep([look("b", b"late", at="2026-11-21T10:16:00Z"), look("a", b"first")])
        store.keep([look("a", b"second", outcome=FetchOutcome.GONE)])
        assert [each.body for each in store.looks()] == [b"second", b"late"]
        assert store.outcome("live", "a") is FetchOutcome.GONE
        assert store.look("robots", "a") is None
        assert store.count() == 2
        head = store.head("live", "b")
        assert head is not None
        assert (head["facts"], head["observation"]["outcome"]) == ({"tries": 1}, "image")
    with open_looks(tmp_path) as store:
        assert [each.body for each in store.looks("live")] == [b"second", b"late"]
        assert store.look("live", "a", max_age_s=60, now="2026-11-21T10:15:59Z") is not None
        assert store.look("live", "a", max_age_s=60, now="2026-11-21T10:16:01Z") is None


def test_an_address_that_no_database_takes_as_text_is_found_again(tmp_path: Path) -> None:
    odd = "http://\ud800\0/"
    with open_looks(tmp_path) as store:
        store.keep([replace(look("x"), facts={"asked": odd})])
        assert store.look("live", odd) is not None


def test_bytes_that_a_crash_left_without_their_row_are_cut_off(tmp_path: Path) -> None:
    with open_looks(tmp_path) as store:
        store.keep([look("a", b"kept")])
        bodies = store.folder / "0001.bodies"
    size = bodies.stat().st_size
    with bodies.open("ab") as stream:
        stream.write(b"half a look")
    with open_looks(tmp_path) as store:
        assert bodies.stat().st_size == size
        store.keep([look("b", b"more")])
        assert [each.body for each in store.looks()] == [b"kept", b"more"]


def test_a_flipped_bit_is_an_error_and_never_a_picture(tmp_path: Path) -> None:
    with open_looks(tmp_path) as store:
        store.keep([look("a", b"kept")])
        bodies = store.folder / "0001.bodies"
        content = bytearray(bodies.read_bytes())
        content[-1] ^= 1
        bodies.write_bytes(bytes(content))
        with pytest.raises(LedgerError, match="damaged"):
            store.look("live", "a")


def test_a_file_of_rows_that_is_no_database_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "looks").mkdir()
    (tmp_path / "looks" / "looks.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(LedgerError) as caught, open_looks(tmp_path):
        pass
    assert "Remove the folder" in caught.value.hint


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "looks").write_text("a file in its place")
    with pytest.raises(OutputError), open_looks(tmp_path):
        pass


def test_only_files_of_the_store_are_removed(tmp_path: Path) -> None:
    with open_looks(tmp_path) as store:
        store.keep([look("a")])
    remove_looks(tmp_path)
    assert list(tmp_path.iterdir()) == []
    remove_looks(tmp_path)


def test_rows_point_at_whole_bytes_only(tmp_path: Path) -> None:
    with open_looks(tmp_path) as store:
        store.keep([look(str(number), bytes([number]) * number) for number in range(20)])
        with closing(sqlite3.connect(store.folder / "looks.sqlite")) as other:
            ends = other.execute("SELECT begin, bytes FROM looks ORDER BY begin").fetchall()
        assert [begin + size for begin, size in ends][:-1] == [begin for begin, _ in ends][1:]
        assert ends[-1][0] + ends[-1][1] == (store.folder / "0001.bodies").stat().st_size
