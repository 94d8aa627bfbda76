"""Packages with captures, of remote shards, of rescans: sound ones pass with both verifiers, forged ones with neither."""

from __future__ import annotations

import gzip
import shutil
from typing import TYPE_CHECKING, Any

import claim_linter
import later_worlds
import package_builder
import pytest
import second_verifier
from forging import Record, edit, records, reseal

from manifests.exports import export
from manifests.packages import open_package
from manifests.verifying import Asked, verify_package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from manifests.words import Lang

KINDS = ("fetched", "remote", "rescanned")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("later")
    package_builder.build_package(folder / "scan")
    package_builder.write(later_worlds.fetched(), folder / "fetched")
    package_builder.write(later_worlds.remote(), folder / "remote")
    package_builder.write(later_worlds.rescanned(open_package(folder / "scan")), folder / "rescanned")
    return {name: folder / name for name in (*KINDS, "scan")}


def refused_by_second(folder: Path) -> bool:
    try:
        second_verifier.verify(folder)
    except Exception:  # noqa: BLE001 - a hostile package may fail anywhere in it: every error is the same verdict
        return True
    return False


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_package_passes_with_both_verifiers(sealed: dict[str, Path], kind: str) -> None:
    assert verify_package(sealed[kind]).problems == ()
    second_verifier.verify(sealed[kind])


def test_a_rescan_follows_the_package_that_it_names(sealed: dict[str, Path]) -> None:
    assert verify_package(sealed["rescanned"], Asked(previous=(sealed["scan"],))).problems == ()
    wrong = verify_package(sealed["rescanned"], Asked(previous=(sealed["remote"],)))
    assert {problem.check for problem in wrong.problems} == {"previous"}


def numbered(name: str, number: int) -> Callable[[list[Record]], Record]:
    return lambda found: next(line for line in found if line[name].endswith(f"{number}"))


def set_in(path: str, value: Any, which: Callable[[list[Record]], Record]) -> Callable[[list[Record]], None]:
    def change(found: list[Record]) -> None:
        *way, last = path.split(".")
        record = which(found)
        for key in way:
            record = record[key]
        record[last] = value

    return change


def first(found: list[Record]) -> Record:
    return found[0]


def of_shard(name: str) -> Callable[[list[Record]], Record]:
    return lambda found: next(line for line in found if line["shard"] == name and line["dataset"] == "remote")


def change_of(kind: str) -> Callable[[list[Record]], Record]:
    return lambda found: next(line for line in found if line["change"] == kind)


SEEN, FORGED = "observation_id", "f" * 64
FORGERIES: tuple[tuple[str, str, Callable[[list[Record]], None], str], ...] = (
    ("fetched", "observations", set_in("content_sha256", FORGED, numbered(SEEN, 63)), "captures.digests"),
    ("fetched", "observations", set_in("bytes", 3, numbered(SEEN, 63)), "captures.digests"),
    ("fetched", "observations", set_in("status", 200, numbered(SEEN, 62)), "captures.digests"),
    ("fetched", "observations", set_in("capture.record_id", "<urn:uuid:99>", numbered(SEEN, 62)), "captures.digests"),
    (
        "fetched",
        "observations",
        set_in("capture.file", "captures/0001.warc.gz", numbered(SEEN, 62)),
        "captures.digests",
    ),
    ("fetched", "observations", set_in("kind", "dream", numbered(SEEN, 62)), "manifest.schema"),
    ("fetched", "observations", set_in("redirects", [{"url": "x"}], numbered(SEEN, 60)), "manifest.schema"),
    ("remote", "coverage", set_in("parts", [], of_shard("data/0.parquet")), "coverage.sums"),
    (
        "remote",
        "coverage",
        set_in("parts", [later_worlds.PART | {"offset": 123455}], of_shard("data/0.parquet")),
        "coverage.sums",
    ),
    ("remote", "coverage", set_in("shard_digest_by", "computed", of_shard("data/0.parquet")), "coverage.sums"),
    ("remote", "coverage", set_in("shard_sha256", FORGED, of_shard("data/0.parquet")), "coverage.sums"),
    ("remote", "coverage", set_in("publisher_digest", None, of_shard("data/1.parquet")), "coverage.sums"),
    ("remote", "coverage", set_in("publisher_digest.value", FORGED, of_shard("data/1.parquet")), "coverage.sums"),
    ("remote", "coverage", set_in("publisher_digest.equal", True, of_shard("data/1.parquet")), "coverage.sums"),
    ("remote", "coverage", set_in("publisher_digest.equal", False, of_shard("data/2.parquet")), "coverage.sums"),
    ("remote", "coverage", set_in("publisher_digest.equal", True, of_shard("data/3.parquet")), "coverage.sums"),
    ("remote", "coverage", set_in("shard_digest_by", "computed", of_shard("data/1.parquet")), "coverage.sums"),
    ("rescanned", "changes", set_in("change", "vanished", first), "matches.references"),
    ("rescanned", "changes", set_in("after.tier", "url_listed", first), "matches.references"),
    ("rescanned", "changes", set_in("after.row.row_number", 1, change_of("appeared")), "matches.references"),
    ("rescanned", "changes", set_in("work_id", "w-0123456789abcdef", first), "matches.references"),
    ("rescanned", "changes", set_in("before.row.row_number", 1, change_of("vanished")), "matches.references"),
    ("rescanned", "changes", lambda found: found.pop(0), "matches.references"),  # type: ignore[arg-type, return-value]
    ("rescanned", "changes", lambda found: found.append(found[0]), "matches.references"),
    ("rescanned", "negatives", lambda found: found[0].update(rows_scanned=10**9), "negatives.complete"),
)


@pytest.mark.parametrize("number", range(len(FORGERIES)))
def test_a_forged_record_is_found_though_every_digest_is_right(
    sealed: dict[str, Path], tmp_path: Path, number: int
) -> None:
    kind, name, change, check = FORGERIES[number]
    folder = shutil.copytree(sealed[kind], tmp_path / "package")
    before = records(folder, name)
    edit(folder, name, change)
    assert records(folder, name) != before
    reseal(folder)
    assert check in {problem.check for problem in verify_package(folder).problems}
    assert refused_by_second(folder)


def test_another_body_in_a_capture_is_found_though_its_record_is_whole(tmp_path: Path) -> None:
    """The forger's WARC is sound in itself: only the observation and the finding say what was compared."""
    made = later_worlds.fetched()
    sound = made.files[later_worlds.CAPTURES]
    for forged in (
        later_worlds.warc_record(
            "response", "<urn:uuid:20>", "application/http; msgtype=response", later_worlds.answer(b"owl")
        ),
        later_worlds.warc_record(  # a coding that would hide it
            "response", "<urn:uuid:20>", "application/http", later_worlds.answer(b"owl", Content_Encoding="br")
        ),
        later_worlds.warc_record("response", "<urn:uuid:20>", "text/plain", b"fox.png"),  # no answer of a server at all
    ):
        made.files[later_worlds.CAPTURES] = _replaced(sound, "<urn:uuid:20>", forged)
        package_builder.write(made, folder := tmp_path / str(len(forged)))
        assert {problem.check for problem in verify_package(folder).problems} == {"captures.digests"}
        assert refused_by_second(folder)


def test_a_revisit_names_a_record_that_holds_its_payload(tmp_path: Path) -> None:
    made = later_worlds.fetched()
    sound = made.files[later_worlds.CAPTURES]
    for name, number in (("<urn:uuid:21>", 1), ("<urn:uuid:nowhere>", 2), ("<urn:uuid:30>", 3)):
        fields = {"WARC_Refers_To": name, "WARC_Payload_Digest": later_worlds.digest(b"fox.png")}
        forged = later_worlds.warc_record(
            "revisit", "<urn:uuid:30>", "application/http", later_worlds.answer(b""), **fields
        )
        made.files[later_worlds.CAPTURES] = _replaced(sound, "<urn:uuid:30>", forged)
        package_builder.write(made, folder := tmp_path / str(number))
        assert "captures.digests" in {problem.check for problem in verify_package(folder).problems}
        assert refused_by_second(folder)


def test_a_record_id_is_one_records(tmp_path: Path) -> None:
    made = later_worlds.fetched()
    made.files[later_worlds.CAPTURES] += made.files[later_worlds.CAPTURES]
    package_builder.write(made, tmp_path / "package")
    assert {
        problem.found.partition(": ")[2] for problem in verify_package(tmp_path / "package").problems if problem.found
    } == {"a second record of that id"}


def _replaced(members: bytes, record_id: str, forged: bytes) -> bytes:
    """The capture file with one record exchanged."""
    whole = gzip.decompress(members)
    parts = whole.split(b"WARC/1.1\r\n")[1:]
    wanted = f"WARC-Record-ID: {record_id}\r\n".encode()
    return b"".join(forged if wanted in part else gzip.compress(b"WARC/1.1\r\n" + part, mtime=0) for part in parts)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_export_takes_the_package_and_claims_no_more_than_it_holds(tmp_path: Path, kind: str, lang: Lang) -> None:
    if kind == "rescanned":
        package_builder.build_package(tmp_path / "scan")
        made = later_worlds.rescanned(open_package(tmp_path / "scan"))
    else:
        made = getattr(later_worlds, kind)()
    package_builder.write(made, tmp_path / "package", lang=lang)
    for name in ("csv", "dat", "html", "pdf", "xlsx", "jsonl"):
        export(tmp_path / "package", name, out=tmp_path)
    export(tmp_path / "package", "drafts", out=tmp_path / "drafts")
    texts = [claim_linter.visible((tmp_path / "report.html").read_text("utf-8"))]
    texts += [claim_linter.without_law(path.read_text("utf-8")) for path in (tmp_path / "drafts").iterdir()]
    texts += [
        (tmp_path / "package" / name).read_text("utf-8") for name in ("README-FIRST.txt", "VERIFY.md", "VERIFY.zh.md")
    ]
    assert [found for text in texts if (found := claim_linter.hits(claim_linter.without_quotations(text)))] == []
    if kind == "remote":  # a file of which only pieces were read is named by those, and by nothing it has not
        sheet = (tmp_path / "drafts" / "certification-902-14.md").read_text("utf-8")
        assert f"`{later_worlds.PART['sha256']}`" in sheet
        assert "none of the whole file" in sheet
