"""WARC files of looks: accepted by warcio and by the verifier, equal for equal looks, without a credential."""

from __future__ import annotations

import gzip
import hashlib
import io
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest

from manifests.verifying import captures as verifying
from manifests.verifying.checks import Notes
from scanner.captures import CaptureWriter
from scanner.observations import Exchange, FetchOutcome, Look, Observation

warcio = pytest.importorskip("warcio")
from warcio.archiveiterator import ArchiveIterator  # noqa: E402
from warcio.checker import Checker  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

INFO = {"software": "provscan/9.9", "http-header-user-agent": "provscan/9.9 (+me@example.org)"}


def exchange(url: str, body: bytes, **changed: Any) -> Exchange:
    fields: dict[str, Any] = {
        "url": url,
        "requested_at": "2026-11-30T00:00:01Z",
        "method": "GET",
        "request_fields": ((b"Host", b"x.org"), (b"Cookie", b"s3cret"), (b"authorization", b"s3cret")),
        "http_version": "HTTP/1.1",
        "status": 200,
        "reason": b"OK",
        "fields": ((b"content-TYPE", b"image/jpeg"), (b"Set-Cookie", b"a=b"), (b"X-Odd", b"\xe9\xff:  x")),
        "body": body,
        "ip": "203.0.113.7",
    }
    return Exchange(**{**fields, **changed})


def look(number: int, *exchanges: Exchange, outcome: FetchOutcome = FetchOutcome.IMAGE, **facts: Any) -> Look:
    body = exchanges[-1].body if exchanges else None
    observation = Observation(
        kind="live",
        url=f"https://x.org/{number}.jpg",
        requested_at="2026-11-30T00:00:01Z",
        outcome=outcome,
        content_sha256=None if body is None or exchanges[-1].cut else hashlib.sha256(body).hexdigest(),
    )
    return Look(observation=observation, exchanges=exchanges, facts=facts)


def written(folder: Path, looks: Sequence[Look], **options: Any) -> tuple[CaptureWriter, list[Path]]:
    writer = CaptureWriter(INFO, **options)
    paths = []
    for path, records in groupby(writer.files(looks), key=lambda entry: entry[0]):
        place = folder / "data" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"".join(record for _, record in records))
        paths.append(place)
    return writer, paths


def problems(folder: Path, paths: list[Path]) -> tuple[list[Any], dict[tuple[str, str], str | None]]:
    notes = Notes()
    found = verifying.check_captures(folder, [path.relative_to(folder).as_posix() for path in paths], notes)
    bodies = {place: found.body(held) for place, held in found.records.items()}
    return list(notes.problems), {place: None if body is None else body[0] for place, body in bodies.items()}


def assert_sound(folder: Path, paths: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    arguments = type("Arguments", (), {"inputs": [str(path) for path in paths], "verbose": False})()
    assert Checker(arguments).process_all() == 0
    assert capsys.readouterr().out == ""
    assert problems(folder, paths)[0] == []


def records(path: Path) -> list[tuple[str, dict[str, str], bytes]]:
    """Type, WARC fields and block of every record, read from its own gzip member."""
    found = []
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, no_record_parse=True):
            block = record.raw_stream.read()
            found.append((record.rec_headers.get_header("WARC-Type"), dict(record.rec_headers.headers), block))
    return found


PICTURE = b"\xff\xd8 body \r\n\r\n with ends \x00"


def test_every_file_is_accepted_and_every_body_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hop = exchange("https://x.org/1.jpg", b"", status=302, reason=b"Found", fields=((b"Location", b"/2.jpg"),))
    looks = [
        look(1, hop, exchange("https://x.org/2.jpg", PICTURE), tries=1),
        look(2, exchange("https://x.org/2.jpg", b"other"), tries=2),
        look(3, outcome=FetchOutcome.DNS_FAILED, tries=3, error="no such name\r\nWARC-Type: response"),
        look(4, exchange("https://x.org/4.jpg", b""), tries=1),
    ]
    writer, (path,) = written(tmp_path, looks)
    assert_sound(tmp_path, [path], capsys)
    kinds = [kind for kind, _, _ in records(path)]
    assert (
        kinds
        == "warcinfo response request response request metadata response request metadata metadata response request metadata".split()
    )
    assert list(writer.captures) == [each.observation.observation_id for each in looks if each.exchanges]
    entities = problems(tmp_path, [path])[1]
    for each in looks:
        capture = writer.captures.get(each.observation.observation_id)
        if capture is not None:
            assert entities[capture.file, capture.record_id] == each.observation.content_sha256


def test_the_answer_stands_as_it_came(tmp_path: Path) -> None:
    _, (path,) = written(tmp_path, [look(1, exchange("https://x.org/1.jpg", PICTURE))])
    block = next(block for kind, _, block in records(path) if kind == "response")
    assert (
        block
        == b"HTTP/1.1 200 OK\r\ncontent-TYPE: image/jpeg\r\nSet-Cookie: a=b\r\nX-Odd: \xe9\xff:  x\r\n\r\n" + PICTURE
    )


def test_a_picture_is_stored_as_it_came_and_a_page_is_packed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = PICTURE[:2] + b"\xff" + bytes(50_000)
    _, (picture,) = written(tmp_path / "picture", [look(1, exchange("https://x.org/1.jpg", body))])
    _, (page,) = written(tmp_path / "page", [look(1, exchange("https://x.org/1.jpg", b"<html>" + bytes(50_000)))])
    assert body in picture.read_bytes()
    assert page.stat().st_size < 5_000
    assert_sound(tmp_path / "picture", [picture], capsys)


def test_no_credential_is_kept_and_the_request_names_its_response(tmp_path: Path) -> None:
    _, (path,) = written(tmp_path, [look(1, exchange("https://x.org/a/1.jpg?q=1", PICTURE))])
    assert b"s3cret" not in gzip.decompress(path.read_bytes())
    by_kind = {kind: (fields, block) for kind, fields, block in records(path)}
    assert by_kind["request"][1] == b"GET /a/1.jpg?q=1 HTTP/1.1\r\nHost: x.org\r\n\r\n"
    response_id = by_kind["response"][0]["WARC-Record-ID"]
    assert by_kind["request"][0]["WARC-Concurrent-To"] == by_kind["metadata"][0]["WARC-Concurrent-To"] == response_id
    assert by_kind["response"][0]["WARC-IP-Address"] == "203.0.113.7"


def test_a_chunked_transfer_is_kept_without_its_chunks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chunked = exchange("https://x.org/1.jpg", PICTURE, fields=((b"transfer-encoding", b"chunked"),))
    _, (path,) = written(tmp_path, [look(1, chunked)])
    assert_sound(tmp_path, [path], capsys)
    with path.open("rb") as stream:
        response = next(record for record in ArchiveIterator(stream) if record.rec_type == "response")
        assert response.http_headers.get_header("X-Archive-Orig-Transfer-Encoding") == "chunked"
        assert response.content_stream().read() == PICTURE


def test_an_entity_seen_before_is_a_revisit_that_names_its_holder_also_in_an_earlier_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = [look(number, exchange(f"https://x.org/{number}.jpg", PICTURE)) for number in (1, 2)]
    writer, paths = written(tmp_path, looks, max_file_bytes=1)
    assert [path.name for path in paths] == ["0000.warc.gz", "0001.warc.gz"]
    assert_sound(tmp_path, paths, capsys)
    (kind, fields, block), *_ = [record for record in records(paths[1]) if record[0] != "warcinfo"]
    holder = writer.captures[looks[0].observation.observation_id]
    assert (kind, fields["WARC-Refers-To"], block.endswith(b"\r\n\r\n")) == ("revisit", holder.record_id, True)
    found, entities = problems(tmp_path, paths)
    assert entities["captures/0001.warc.gz", fields["WARC-Record-ID"]] == looks[1].observation.content_sha256
    paths[0].write_bytes(b"")
    assert any("the payload it names is not that of" in str(each.found) for each in problems(tmp_path, paths)[0])
    assert not found


def test_a_body_over_the_cap_leaves_its_head_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut = look(1, exchange("https://x.org/1.jpg", b"x" * 100, cut=True), outcome=FetchOutcome.TOO_LARGE)
    writer, (path,) = written(tmp_path, [cut])
    assert_sound(tmp_path, [path], capsys)
    _, fields, block = next(record for record in records(path) if record[0] == "response")
    assert fields["WARC-Truncated"] == "length"
    assert b"xxx" not in block
    assert (
        problems(tmp_path, [path])[1][writer.captures[cut.observation.observation_id].file, fields["WARC-Record-ID"]]
        is None
    )


def test_the_metadata_says_what_the_connection_was(tmp_path: Path) -> None:
    secure = exchange(
        "https://x.org/1.jpg", PICTURE, tls_version="TLSv1.3", certificate_sha256="ab" * 32, milliseconds=41
    )
    _, (path,) = written(tmp_path, [look(1, secure, tries=2)])
    block = next(block for kind, _, block in records(path) if kind == "metadata").decode()
    for line in ("outcome: image", "tries: 2", "hop-0-fetchTimeMs: 41", "hop-0-tls-version: TLSv1.3"):
        assert f"{line}\r\n" in block
    assert f"hop-0-tls-certificate-sha256: {'ab' * 32}\r\n" in block


def test_a_field_cannot_be_smuggled_into_a_record_through_an_address(tmp_path: Path) -> None:
    odd = exchange("https://x.org/\r\nWARC-Type: forged\r\n\r\nx", PICTURE)
    _, (path,) = written(tmp_path, [look(1, odd)])
    assert [kind for kind, _, _ in records(path)] == ["warcinfo", "response", "request", "metadata"]


def test_equal_looks_give_equal_bytes(tmp_path: Path) -> None:
    looks = [look(number, exchange(f"https://x.org/{number}.jpg", PICTURE)) for number in (1, 2)]
    first = b"".join(path.read_bytes() for path in written(tmp_path / "a", looks)[1])
    assert first == b"".join(path.read_bytes() for path in written(tmp_path / "b", looks)[1])


def test_another_entity_than_the_look_states_is_a_fault(tmp_path: Path) -> None:
    writer, (path,) = written(tmp_path, [look(1, exchange("https://x.org/1.jpg", PICTURE))])
    found = verifying.check_captures(tmp_path, [path.relative_to(tmp_path).as_posix()], Notes())
    capture = next(iter(writer.captures.values()))
    named = {"file": capture.file, "record_id": capture.record_id}
    seen = {
        "capture": named,
        "status": 200,
        "bytes": len(PICTURE),
        "content_sha256": hashlib.sha256(PICTURE).hexdigest(),
    }
    assert not list(found.faults(seen))
    for changed, said in (
        ({"content_sha256": "b" * 64}, "SHA-256"),
        ({"bytes": 1}, "bytes"),
        ({"status": 404}, "status"),
        ({"capture": {**named, "record_id": "<urn:a>"}}, "holds no record"),
    ):
        (fault,) = found.faults({**seen, **changed})
        assert said in fault


def test_a_compressed_entity_is_compared_without_its_coding(tmp_path: Path) -> None:
    packed = gzip.compress(PICTURE, mtime=0)
    encoded = exchange("https://x.org/1.jpg", packed, fields=((b"Content-Encoding", b"gzip"),))
    writer, (path,) = written(tmp_path, [look(1, encoded)])
    found, entities = problems(tmp_path, [path])
    assert not found
    capture = next(iter(writer.captures.values()))
    assert entities[capture.file, capture.record_id] == hashlib.sha256(PICTURE).hexdigest()
    with path.open("rb") as stream:
        response = next(
            record for record in ArchiveIterator(io.BytesIO(stream.read())) if record.rec_type == "response"
        )
        assert response.content_stream().read() == PICTURE


@pytest.mark.parametrize("target", ["/", "/?", "/a?", "/a?b?c/d", "//a", "/a;b:c@d"])
def test_the_request_stands_as_it_was_sent(tmp_path: Path, target: str) -> None:
    _, (path,) = written(tmp_path, [look(1, exchange(f"https://x.org:8443{target}", PICTURE))])
    (request,) = [block for kind, _, block in records(path) if kind == "request"]
    assert request.startswith(f"GET {target} HTTP/1.1\r\n".encode())


def test_a_request_without_a_path_is_of_the_root(tmp_path: Path) -> None:
    _, (path,) = written(tmp_path, [look(1, exchange("https://x.org?a=/b", PICTURE), exchange("https://x.org", b"1"))])
    requests = [block.split(b"\r\n")[0] for kind, _, block in records(path) if kind == "request"]
    assert requests == [b"GET /?a=/b HTTP/1.1", b"GET / HTTP/1.1"]
