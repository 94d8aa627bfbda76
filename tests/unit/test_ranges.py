"""Parts of remote files: the plan loses no byte, the file reads like the file, and what changed or failed is said."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from remote_hosts import Answer, FileHost, Host, Request

from scanner.datasets import PublisherDigest, RemoteFile
from scanner.errors import OutputError, ShardChanged, ShardUnreachable
from scanner.fetch.downloads import download
from scanner.fetch.ranges import Held, RangeFile, merged, pieces
from scanner.fetch.web_ranges import Door, WebRanges
from scanner.remote_policy import Access
from scanner.shards.parquet_footer import chosen, column_chunks, footer_bytes

ACCESS = Access(networks=("127.0.0.1/32",))
CONTENT = bytes(range(256)) * 1000
RANGES = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(1, 400)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=12
)


class Counted:
    """Bytes at hand, and which parts of them were asked for."""

    def __init__(self, content: bytes) -> None:
        self.content, self.asked = content, list[tuple[int, int]]()
        self.size = len(content)

    def read(self, start: int, stop: int) -> bytes:
        self.asked.append((start, stop))
        return self.content[start:stop]

    def close(self) -> None:
        pass


@given(RANGES, st.integers(0, 500))
def test_merged_ranges_cover_the_same_bytes_and_lie_further_apart_than_the_gap(
    ranges: list[tuple[int, int]], gap: int
) -> None:
    found = merged(ranges, gap)
    covered = {byte for start, stop in found for byte in range(start, stop)}
    assert {byte for start, stop in ranges for byte in range(start, stop)} <= covered
    assert all(after[0] - before[1] > gap for before, after in itertools.pairwise(found))
    assert merged(found, gap) == found
    if gap == 0:
        assert covered == {byte for start, stop in ranges for byte in range(start, stop)}


@given(RANGES, st.integers(1, 300))
def test_pieces_are_the_same_bytes_in_order(ranges: list[tuple[int, int]], most: int) -> None:
    cut = list(pieces(merged(ranges, 0), most))
    assert all(0 < stop - start <= most for start, stop in cut)
    assert merged(cut, 0) == merged(ranges, 0)


@given(RANGES, RANGES, st.lists(st.tuples(st.integers(0, 3600), st.integers(-1, 900)), max_size=20))
def test_a_range_file_reads_like_the_file_whatever_was_planned(held: list[tuple[int, int]], ahead: list[tuple[int, int]], reads: list[tuple[int, int]]) -> None:  # fmt: skip
    source, plain = Counted(CONTENT[:3500]), io.BytesIO(CONTENT[:3500])
    inside = [(start, min(stop, 3500)) for start, stop in held if start < 3500]
    with RangeFile(source) as file:
        file.hold(inside)
        file.hold_ahead([(start, min(stop, 3500)) for start, stop in ahead if start < 3500])
        for start, stop in inside:
            assert file.sha256(start, stop) == hashlib.sha256(CONTENT[start:stop]).hexdigest()
        for place, size in reads:
            file.seek(place)
            plain.seek(place)
            assert file.read(size) == plain.read(size)


def test_what_is_held_ahead_is_not_asked_for_twice() -> None:
    source = Counted(CONTENT)
    with RangeFile(source) as file:
        file.hold([(0, 1000)])
        file.hold_ahead([(90_000, 95_000)])
        file.hold([(90_000, 95_000)])
        file.seek(90_500)
        assert file.read(4000) == CONTENT[90_500:94_500]
        file.seek(10)
        assert file.read(20) == CONTENT[10:30]
    assert source.asked == [(0, 1000), (90_000, 95_000)]


@given(st.integers(1, 5), st.integers(1, 400), st.booleans())
def test_the_chunks_of_a_footer_are_those_that_pyarrow_sees(groups: int, rows: int, dictionary: bool) -> None:
    table = pa.table({"url": [f"u{row % 7}" for row in range(groups * rows)], "nested": [{"bytes": b"x", "path": str(row)} for row in range(groups * rows)], "list": [[row, 2] for row in range(groups * rows)]})  # fmt: skip
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=rows, use_dictionary=dictionary)
    content = sink.getvalue()
    length = footer_bytes(content[-8:])
    chunks = column_chunks(content[-length:-8], len(content))
    metadata = pq.ParquetFile(io.BytesIO(content)).metadata
    expected = []
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            seen = metadata.row_group(group).column(column)
            places = [seen.data_page_offset, *([seen.dictionary_page_offset] if seen.dictionary_page_offset else [])]
            expected.append((group, seen.path_in_schema, min(places), seen.total_compressed_size))
    assert [(each.group, each.path, each.start, each.bytes) for each in chunks] == expected
    assert {each.path for each in chosen(chunks, ["url", "nested.bytes", "list"])} == {
        "url",
        "nested.bytes",
        "list.list.element",
    }


@given(st.binary(max_size=400))
def test_any_bytes_are_a_footer_or_a_value_error(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert all(each.start + each.bytes <= 1000 for each in column_chunks(content, 1000))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"1234PARE", b"12345678"])
def test_a_tail_that_is_none_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match="does not end like"):
        footer_bytes(content)


@pytest.fixture
def host() -> Iterator[tuple[Host, FileHost]]:
    files = FileHost({"/a": CONTENT})
    with Host(files) as served:
        yield served, files


def described(host: Host, files: FileHost, **more: object) -> RemoteFile:
    fields = files(Request(method="GET", path="/a", query="", fields={})).fields
    values = {"etag": fields["ETag"], "last_modified": fields.get("Last-Modified"), "bytes": len(CONTENT), **more}
    return RemoteFile(address=f"{host.url}/a", asked=f"{host.url}/a?sig=secret", access=ACCESS, **values)  # type: ignore[arg-type]


def read(remote: RemoteFile, start: int, stop: int) -> bytes:
    source = WebRanges(remote, Door(ACCESS, sleep=lambda seconds: None))
    try:
        return source.read(start, stop)
    finally:
        source.close()


def test_a_part_is_what_the_file_has_there(host: tuple[Host, FileHost]) -> None:
    assert read(described(*host), 1000, 5000) == CONTENT[1000:5000]


def fields_of(answer: Answer, **changed: str) -> Answer:
    return Answer(
        status=answer.status,
        body=answer.body,
        fields={**answer.fields, **{name.replace("_", "-"): value for name, value in changed.items()}},
    )


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (lambda asked, answer: fields_of(answer, ETag='"other"'), ShardChanged, "changed while reading"),
        (lambda asked, answer: fields_of(answer, Last_Modified="Tue, 14 Nov 2023 22:13:21 GMT"), ShardChanged, "changed while reading"),
        (lambda asked, answer: fields_of(answer, Content_Range="bytes 0-3999/256000"), ShardChanged, "another part"),
        (lambda asked, answer: fields_of(answer, Content_Range="bytes 1000-4999/256001"), ShardChanged, "another part"),
        (lambda asked, answer: Answer(body=answer.body, fields=answer.fields, whole=True), ShardUnreachable, "does not give parts"),
        (lambda asked, answer: Answer(status=404), ShardUnreachable, "withdrawn, renamed or misspelt"),
        (lambda asked, answer: Answer(status=403), ShardUnreachable, "access is refused"),
        (lambda asked, answer: Answer(status=503), ShardUnreachable, "HTTP 503"),
        (lambda asked, answer: Answer(status=416), ShardChanged, "changed while reading"),
        (lambda asked, answer: Answer(status=429), ShardUnreachable, "HTTP 429"),
        (lambda asked, answer: Answer(status=302, fields={"Location": "http://192.0.2.1/a?sig=secret"}), ShardUnreachable, "redirect_refused"),
        (lambda asked, answer: Answer(body=answer.body, fields=answer.fields, cut=10), ShardUnreachable, "no answer from"),
    ],
)  # fmt: skip
def test_another_answer_than_the_asked_part_is_an_error_without_the_query(host: tuple[Host, FileHost], fault: object, error: type[Exception], said: str) -> None:  # fmt: skip
    remote = described(*host)
    host[1].faults.append(fault)  # type: ignore[arg-type]
    with pytest.raises(error, match=said) as caught:
        read(remote, 1000, 5000)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_weak_tag_or_none_makes_no_condition_and_a_date_is_compared(host: tuple[Host, FileHost]) -> None:
    host[1].faults.append(lambda asked, answer: fields_of(answer, ETag='W/"weak"'))
    remote = described(host[0], host[1])
    assert read(remote, 0, 10) == CONTENT[:10]
    assert "if-range" not in host[0].requests[-1].fields


@pytest.mark.parametrize("have", [0, 1, 4096, len(CONTENT) - 1, len(CONTENT), len(CONTENT) + 7])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_that_broke_off_at_any_byte_ends_with_the_same_digest(host: tuple[Host, FileHost], tmp_path: Path, have: int, ranges: bool) -> None:  # fmt: skip
    host[1].ranges = ranges
    digest = hashlib.sha256(CONTENT).hexdigest()
    remote = described(*host, ranged=ranges, publisher=PublisherDigest(value=digest, source="sums"))
    target = tmp_path / "file"
    (tmp_path / "file.incomplete").write_bytes((CONTENT + b"too long")[:have])
    heard: list[int] = []
    download(remote, target, lambda: WebRanges(remote, Door(ACCESS)), heard.append)
    assert hashlib.sha256(target.read_bytes()).hexdigest() == digest
    assert sum(heard) == len(CONTENT)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    if ranges:
        assert host[0].body_bytes == (len(CONTENT) - have if have <= len(CONTENT) else len(CONTENT))


def test_a_download_of_something_else_is_thrown_away(host: tuple[Host, FileHost], tmp_path: Path) -> None:
    remote = described(*host, publisher=PublisherDigest(value="0" * 64, source="sums"))
    with pytest.raises(ShardChanged, match="its publisher states 0000"):
        download(remote, tmp_path / "file", lambda: WebRanges(remote, Door(ACCESS)), lambda count: None)
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_fit_into_memory_is_held_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.fetch.ranges.IN_MEMORY", 1000)
    held = Held(Counted(CONTENT), [(0, 50_000), (200_000, 210_000)])
    assert held.read(40_000, 50_000) == CONTENT[40_000:50_000]
    assert held.read(40_000, 50_001) == CONTENT[40_000:50_001]  # the gap was cheaper to read than to leave out
    assert held.read(210_000, 210_001) is None
    held.close()


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_full_disk_says_so_and_keeps_what_came(host: tuple[Host, FileHost], tmp_path: Path) -> None:
    import resource

    remote = described(*host)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))  # what a full disk does, without filling one
    try:
        with pytest.raises(OutputError, match="could not be downloaded"):
            download(remote, tmp_path / "file", lambda: WebRanges(remote, Door(ACCESS)), lambda count: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / "file").exists()
    download(remote, tmp_path / "file", lambda: WebRanges(remote, Door(ACCESS)), lambda count: None)
    assert (tmp_path / "file").read_bytes() == CONTENT
