"""Datasets at remote addresses, on real sockets: what is read, what is said of it, what is never written, and what cannot be had."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from integration_world import Run, command, environment, manifest, records
from remote_hosts import COMMIT, SECRET, SIGNATURE, Answer, Bucket, FileHost, Host, Hub, Request
from small_world import COPIED, NAMES, assert_sound, copy_hash, coyo, write_works

import scanner
from scanner.config import ScanConfig
from scanner.coverage import ShardStatus
from scanner.datasets import Dataset
from scanner.errors import NetworkOff, UsageError
from scanner.events import unwatched
from scanner.remote_policy import RemotePolicy
from scanner.runner.sources import open_shards

LOOPBACK = ("127.0.0.1/32",)
ROWS = 4000
FOUND_ROW = 3100


def parquet_bytes(shard: str, **options: Any) -> bytes:
    table = coyo(ROWS, {FOUND_ROW: {"image_phash": copy_hash()}}).replace_schema_metadata({"shard": shard})
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=1000, **options)
    return sink.getvalue()


A, B = parquet_bytes("a"), parquet_bytes("b")
CSV = gzip.compress(
    b"url,caption,md5\n"
    + b"".join(b"https://x.example/%d.jpg,words of row %d,%032x\n" % (row, row, row) for row in range(2000))
)


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_works(tmp_path_factory.mktemp("portfolio") / "works")


def config(hub: str = "https://huggingface.co", s3: str = "", **more: Any) -> ScanConfig:
    policy = RemotePolicy(hub_url=hub, s3_endpoint=s3)
    return ScanConfig(variants="fast", allow_network=LOOPBACK, remote_policy=policy, **more)


def scan(works: Path, source: str, out: Path, settings: ScanConfig, **more: str) -> Any:
    result = scanner.scan(works, {"remote": source, **more}, config=settings, out=out, workers=1)
    assert_sound(out)
    return result


def coverage(out: Path) -> dict[str, Any]:
    return {line["shard"]: line for line in records(out, "coverage")}


def found(out: Path) -> set[tuple[str, int, str]]:
    return {(one["row"]["shard"], one["row"]["row_number"], one["work_file"]) for one in records(out, "matches")}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def everything_written(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()
            yield path.name.encode()


def test_a_hub_is_read_in_parts_at_one_commit_and_no_token_or_signature_is_written(
    works: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage_files = FileHost({"/data/a.parquet": A, "/data/b.parquet": B})
    hub = Hub({"data/a.parquet": A, "data/b.parquet": B, "README.md": b"words", "data/c.crc": b"x"}, gated="auto", token=SECRET, page=1)  # fmt: skip
    home = tmp_path / "home"
    home.mkdir()
    (home / "token").write_text(SECRET + "\n")
    settings = tmp_path / "settings.toml"
    with Host(storage_files) as storage, Host(hub) as host:
        hub.url, hub.storage = host.url, storage.url
        settings.write_text(f'variants = "fast"\n[remote]\nhub_url = "{host.url}"\n')
        arguments = ["scan", works, "--dataset", "laion=hf://datasets/org/name@v1.0", "--config", settings, "--allow-network", "127.0.0.1/32", "--workers", "2", "--out", tmp_path / "made" / "out"]  # fmt: skip
        monkeypatch.setenv("HF_HOME", str(home))
        done = subprocess.run(command(arguments), capture_output=True, cwd=tmp_path, env=environment(), check=False)
        assert done.returncode == 0, done.stderr.decode()
        assert all("authorization" not in each.fields for each in storage.requests)
        assert any(each.fields.get("authorization") == f"Bearer {SECRET}" for each in host.requests)
        assert all(each.range for each in storage.requests)
    out = tmp_path / "made" / "out"
    assert_sound(out)
    for written in (*everything_written(tmp_path / "made"), done.stdout, done.stderr):
        assert SECRET.encode() not in written
        assert SIGNATURE.encode() not in written
    (dataset,) = manifest(out)["datasets"]
    assert (dataset["source"], dataset["release"]) == ("hf://datasets/org/name@v1.0", "v1.0")
    assert dataset["revision"] == "fedcba9876543210fedcba9876543210fedcba98"
    assert found(out) == {(f"data/{name}.parquet", FOUND_ROW, f"works/{NAMES[COPIED]}") for name in "ab"}
    lines = coverage(out)
    for name, content in (("data/a.parquet", A), ("data/b.parquet", B)):
        line = lines[name]
        assert (line["shard_id"], line["shard_sha256"]) == (f"sha256:{sha256(content)}", sha256(content))
        assert (line["shard_digest_by"], line["status"], line["rows_scanned"]) == ("publisher", "scanned", ROWS)
        assert line["publisher_digest"] == {"value": sha256(content), "source": f"hf://datasets/org/name@{dataset['revision']}", "equal": None}  # fmt: skip
        assert line["parts"]
        for part in line["parts"]:
            start = part["offset"]
            assert part["sha256"] == sha256(content[start : start + part["bytes"]])
    for match in records(out, "matches"):
        assert "shard_read_in_part" in match["caveats"]
        assert "shard_digest_unconfirmed" not in match["caveats"]


def test_verified_shards_are_downloaded_whole_and_their_digest_equals_the_publishers(
    works: Path, tmp_path: Path
) -> None:
    hub = Hub({"a.parquet": A})
    with Host(FileHost({"/a.parquet": A})) as storage, Host(hub) as host:
        hub.url, hub.storage = host.url, storage.url
        result = scan(works, "hf://datasets/org/name", tmp_path / "out", config(host.url, verify_shards=True))
    assert result.incomplete == ()
    line = coverage(tmp_path / "out")["a.parquet"]
    assert (line["shard_digest_by"], line["publisher_digest"]["equal"], line["parts"]) == ("computed", True, [])
    assert line["shard_id"] == f"sha256:{sha256(A)}"
    (match,) = records(tmp_path / "out", "matches")
    assert not {"shard_read_in_part", "shard_digest_unconfirmed"} & set(match["caveats"])
    assert not (tmp_path / "out.partial").exists()


def test_a_file_that_is_not_the_publishers_is_a_gap_and_is_downloaded_anew(works: Path, tmp_path: Path) -> None:
    host_files = FileHost({"/d/a.csv.gz": CSV, "/d/sha256sums": f"{sha256(b'other')}  a.csv.gz\n".encode()})
    with Host(host_files) as host:
        result = scan(works, f"{host.url}/d/", tmp_path / "out", config())
        assert "its publisher states" in result.incomplete[0]
        assert not list((tmp_path / "out.partial" / "downloads").iterdir())
        host_files.files["/d/sha256sums"] = f"{sha256(CSV)}  a.csv.gz\n".encode()
        again = scan(works, f"{host.url}/d/", tmp_path / "out", config())
    assert again.incomplete == ()
    line = coverage(tmp_path / "out")["a.csv.gz"]
    assert line["publisher_digest"] == {"value": sha256(CSV), "source": "sha256sums", "equal": True}


def test_a_directory_over_http_is_a_dataset_whose_shards_are_known_by_what_their_host_says(
    works: Path, tmp_path: Path
) -> None:
    files = FileHost({"/d/a.parquet": A, "/d/b.csv.gz": CSV, "/d/notes.md": b"x", "/d/deep/c.parquet": B})
    with Host(files) as host:
        scan(works, f"{host.url}/d/?key=secret-of-mine", tmp_path / "out", config())
        lines = coverage(tmp_path / "out")
        line = lines["a.parquet"]
        etag = files(Request(method="GET", path="/d/a.parquet", query="", fields={})).fields
        said = f"{host.url}/d/a.parquet\n{etag['ETag']}\n{len(A)}\n{etag['Last-Modified']}\n"
        assert line["shard_id"] == f"etag:{sha256(said.encode())}"
        assert (line["shard_sha256"], line["shard_digest_by"], line["publisher_digest"]) == (None, "none", None)
        assert manifest(tmp_path / "out")["datasets"][0]["source"] == f"{host.url}/d/"
    assert all(b"secret-of-mine" not in written for written in everything_written(tmp_path / "out"))
    assert (lines["b.csv.gz"]["shard_digest_by"], lines["b.csv.gz"]["rows_scanned"]) == ("computed", 2000)
    (match,) = records(tmp_path / "out", "matches")
    assert {"shard_read_in_part", "shard_digest_unconfirmed"} <= set(match["caveats"])


def test_a_host_that_gives_no_parts_is_downloaded_from_whole(works: Path, tmp_path: Path) -> None:
    with Host(FileHost({"/a.parquet": A}, ranges=False)) as host:
        scan(works, f"{host.url}/a.parquet", tmp_path / "out", config())
    line = coverage(tmp_path / "out")["a.parquet"]
    assert (line["shard_id"], line["shard_digest_by"]) == (f"sha256:{sha256(A)}", "computed")
    assert line["rows_scanned"] == ROWS


def test_a_bucket_is_a_dataset(works: Path, tmp_path: Path) -> None:
    with Host(Bucket("shelf", {"d/a.parquet": A, "d/b.csv.gz": CSV, "d/_SUCCESS": b""})) as host:
        scan(works, "s3://shelf/d", tmp_path / "out", config(s3=host.url))
    lines = coverage(tmp_path / "out")
    assert {name: line["rows_scanned"] for name, line in lines.items() if line["status"] == "scanned"} == {"a.parquet": ROWS, "b.csv.gz": 2000}  # fmt: skip
    assert lines["a.parquet"]["shard_id"].startswith("etag:")
    assert manifest(tmp_path / "out")["datasets"][0]["source"] == "s3://shelf/d"
    assert len(records(tmp_path / "out", "matches")) == 1


def test_what_is_gated_or_taken_down_or_silent_is_a_gap_and_the_rest_is_scanned(works: Path, tmp_path: Path) -> None:
    (tmp_path / "local.parquet").write_bytes(B)
    hub = Hub({"a.parquet": A}, gated="manual", token=SECRET)
    with Host(hub) as host:
        hub.url = host.url
        gated = scan(
            works, "hf://datasets/org/name", tmp_path / "gated", config(host.url), local=str(tmp_path / "local.parquet")
        )
        hub.disabled = True
        (down,) = open_shards([Dataset(name="remote", source="hf://datasets/org/name")], unwatched, config(host.url))
    (silent,) = open_shards([Dataset(name="remote", source=f"{host.url}/a.parquet")], unwatched, config())
    assert (down.status, down.reason) == (ShardStatus.FAILED, f"{host.url}/datasets/org/name: taken down by the hub (access to this resource is disabled)")  # fmt: skip
    assert silent.status is ShardStatus.FAILED
    assert "no answer from 127.0.0.1" in (silent.reason or "")
    assert "gated, not scanned: accept its terms" in gated.incomplete[0]
    assert found(tmp_path / "gated") == {("local.parquet", FOUND_ROW, f"works/{NAMES[COPIED]}")}
    assert "incomplete" in manifest(tmp_path / "gated")["limitations"]
    (line,) = [line for line in records(tmp_path / "gated", "coverage") if line["dataset"] == "remote"]
    assert (line["status"], line["shard_id"], line["rows"], line["rows_scanned"]) == ("failed", None, None, 0)
    assert coverage(tmp_path / "gated")["a.parquet"]["release"] == COMMIT


def test_a_file_that_changes_while_it_is_read_is_a_gap_until_it_rests(works: Path, tmp_path: Path) -> None:
    files = FileHost({"/a.parquet": A})
    opened: list[Request] = []

    def change(asked: Request, answer: Answer) -> None:
        opened.append(asked)
        if len(opened) == 3:  # asked what it is, footer, beginnings: next comes the first span
            files.files["/a.parquet"] = B

    files.faults.append(change)
    with Host(files) as host:
        result = scan(works, f"{host.url}/a.parquet", tmp_path / "out", config())
        again = scan(works, f"{host.url}/a.parquet", tmp_path / "out", config())
    assert "changed while reading" in result.incomplete[0]
    assert again.incomplete == ()
    assert found(tmp_path / "out") == {("a.parquet", FOUND_ROW, f"works/{NAMES[COPIED]}")}


def test_lost_connections_and_limits_cost_time_only(
    works: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, hub = FileHost({"/a.parquet": A}), Hub({"a.parquet": A})
    cuts = iter([True, False] * 100)
    files.faults.append(
        lambda asked, answer: Answer(body=answer.body, fields=answer.fields, cut=100) if next(cuts) else None
    )
    limited = iter([True, False, False] * 100)
    hub.faults.append(
        lambda asked, answer: Answer(status=429, fields={"RateLimit": '"api";r=0;t=0'}) if next(limited) else None
    )
    with Host(files) as storage, Host(hub) as host:
        hub.url, hub.storage = host.url, storage.url
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        result = scan(works, "hf://datasets/org/name", tmp_path / "out", config(host.url))
    assert result.incomplete == ()
    assert len(records(tmp_path / "out", "matches")) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_killed_download_goes_on_where_it_broke_off(
    works: Path, provscan: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"url,caption\n" + b"".join(
        b"https://x.example/%d.jpg,%s\n" % (row, b"words " * 170) for row in range(36_000)
    )
    files = FileHost({"/a.csv": content})
    held: list[bool] = []

    def hold(asked: Request, answer: Answer) -> None:
        if asked.range and asked.range.startswith(f"bytes={32 << 20}-") and not held:
            held.append(True)
            time.sleep(60)

    files.faults.append(hold)
    with Host(files) as host:
        arguments = ["scan", works, "--dataset", f"{host.url}/a.csv", "--variants", "fast", "--allow-network", "127.0.0.1/32", "--workers", "1", "--out", tmp_path / "out", "--quiet"]  # fmt: skip
        running = subprocess.Popen(
            command(arguments), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 120
        while not held:
            assert time.monotonic() < end
            time.sleep(0.01)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        (incomplete,) = (tmp_path / "out.partial" / "downloads").iterdir()
        assert incomplete.stat().st_size == 32 << 20
        before = len(host.requests)
        ran = provscan(*arguments)
        assert ran.code == 0, ran.err
        assert [each.range for each in host.requests[before:]] == ["bytes=0-3", f"bytes={32 << 20}-{len(content) - 1}"]
    assert coverage(tmp_path / "out")["a.csv"]["shard_sha256"] == sha256(content)


def test_offline_means_no_network_and_http_means_a_network_of_ones_own(works: Path, tmp_path: Path) -> None:
    with pytest.raises(NetworkOff, match="offline"):
        scanner.scan(works, "hf://datasets/org/name", config=ScanConfig(offline=True), out=tmp_path / "out")
    with pytest.raises(UsageError, match="not encrypted"):
        scanner.scan(works, "http://data.example/a.parquet", out=tmp_path / "out")
    with pytest.raises(UsageError, match="name or password"):
        scanner.scan(works, "https://me:secret@data.example/a.parquet", out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_remote_index_and_an_index_of_a_remote_dataset(works: Path, provscan: Run, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('allow_network = ["127.0.0.1/32"]\n')
    files = FileHost({"/a.parquet": A})
    with Host(files) as host:
        built = provscan("index", "build", f"coyo={host.url}/a.parquet", "--config", settings, "--out", tmp_path / "a.hashindex", "--workers", "1")  # fmt: skip
        assert built.code == 0, built.err
        files.files["/coyo.parquet"] = (tmp_path / "a.hashindex").read_bytes()
        seen = provscan("datasets", "inspect", f"{host.url}/coyo.parquet", "--config", settings)
        assert (seen.code, "an index of coyo" in seen.out) == (0, True), seen.err
        scan(works, f"{host.url}/coyo.parquet", tmp_path / "out", config())
    (match,) = records(tmp_path / "out", "matches")
    assert (match["tier"], match["basis"][0]["source_of_hash"]) == ("fingerprint_lead", "index")


def test_only_the_columns_that_are_compared_travel(tmp_path: Path) -> None:
    rows = 60_000
    ballast = pa.array([os.urandom(60) for _ in range(rows)])
    table = pa.table({"url": [f"https://x.example/{row * 7919}.jpg" for row in range(rows)], "caption": [f"words {row}" for row in range(rows)], "embedding": ballast})  # fmt: skip
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=20_000)
    content = sink.getvalue()
    metadata = pq.ParquetFile(io.BytesIO(content)).metadata
    wanted = sum(metadata.row_group(group).column(0).total_compressed_size for group in range(metadata.num_row_groups))
    with Host(FileHost({"/a.parquet": content})) as host:
        dataset = scanner.open_dataset(f"{host.url}/a.parquet", config=config())
        opening = host.body_bytes
        assert sum(batch.read for batch in dataset.batches({"url"})) == rows
        assert host.body_bytes - opening <= wanted * 1.01
    assert opening <= 3 * (1 << 20)  # a dictionary and a page of the three columns; no row group of the ballast
