"""What remote hosts list: addresses, directories, lists, a hub's answers; what is refused and what is never sent elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from remote_hosts import COMMIT, OLDER, SECRET, Answer, FileHost, Host, Hub, Request, said

from scanner.config import parse_config
from scanner.datasets import Dataset
from scanner.errors import ConfigError, ScannerError, UsageError
from scanner.fetch.hub import hub_token, wait_of
from scanner.fetch.web_ranges import Door, WebRanges
from scanner.observations import Exchange
from scanner.releases import Release, list_release
from scanner.releases.addresses import (
    HubAddress,
    ListedFile,
    next_page,
    parse_directory,
    parse_file_list,
    parse_hub_address,
)
from scanner.remote_policy import Access, RemotePolicy

NETWORKS = ("127.0.0.1/32",)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("hf://datasets/laion/laion-art", HubAddress(id="laion/laion-art", revision="main", path="")),
        ("hf://datasets/a/b@v1.0", HubAddress(id="a/b", revision="v1.0", path="")),
        ("hf://datasets/a/b@refs/convert/parquet/default", HubAddress(id="a/b", revision="refs/convert/parquet", path="default")),
        ("hf://datasets/a/b@refs%2Fconvert%2Fparquet/x.parquet", HubAddress(id="a/b", revision="refs/convert/parquet", path="x.parquet")),
        ("hf://datasets/a/b/data/*.parquet", HubAddress(id="a/b", revision="main", path="data/*.parquet")),
    ],
)  # fmt: skip
def test_an_address_at_the_hub_has_its_parts(source: str, expected: HubAddress) -> None:
    assert parse_hub_address(source) == expected


@pytest.mark.parametrize("source", ["hf://a/b", "hf://datasets/a", "hf://models/a/b", "hf://datasets/a/b/../c", "hf://datasets/a/b@", "hf://datasets/a b/c"])  # fmt: skip
def test_what_is_no_address_at_the_hub_is_refused(source: str) -> None:
    with pytest.raises(UsageError, match="not an address"):
        parse_hub_address(source)


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_a_list_or_directory_of_something(text: str, base: str) -> None:
    for url in parse_directory(text, f"https://a.example/{base}/"):
        assert url.startswith("https://a.example/")
    list(parse_file_list(text, f"https://a.example/{base}"))
    next_page(text)


def test_a_list_has_names_addresses_and_digests() -> None:
    text = f"# comment\n\na.parquet\nhttps://b.example/c.csv\n{'A' * 64}  d e.tar\n{'b' * 64} *f.tar\n"
    base = "https://a.example/x/list.txt"
    assert list(parse_file_list(text, base)) == [
        ListedFile(url="https://a.example/x/a.parquet"),
        ListedFile(url="https://b.example/c.csv"),
        ListedFile(url="https://a.example/x/d e.tar", sha256="a" * 64),
        ListedFile(url="https://a.example/x/f.tar", sha256="b" * 64),
    ]


def test_a_directory_is_what_lies_directly_below_it() -> None:
    html = '<a href="../">up</a><a href="?C=M">M</a><a href="a.parquet">a</a><A HREF="/d/b%20c.tar#x">b</A><a href="deep/">d</a><a href="https://evil.example/e.csv">e</a><a>n</a>'
    assert parse_directory(html, "https://a.example/d/") == (
        "https://a.example/d/a.parquet",
        "https://a.example/d/b%20c.tar",
    )
    assert parse_directory('<a href="a.csv">a</a><![<!><a href="b.csv">b</a>', "https://a.example/d/") == (
        "https://a.example/d/a.csv",
    )


@pytest.fixture
def hub() -> Iterator[tuple[Host, Hub]]:
    answers = Hub({"data/a.parquet": b"PAR1 a", "data/b.csv": b"b", "data/c.md": b"c", "data/d.tar": b"d", "e.jsonl": b"{}"}, small=frozenset({"e.jsonl"}))  # fmt: skip
    with Host(answers) as host:
        answers.url = host.url
        yield host, answers


def listed(host: Host, source: str) -> Release:
    return list_release(
        Dataset(name="it", source=source), Access(policy=RemotePolicy(hub_url=host.url), networks=NETWORKS)
    )


def test_all_pages_of_a_hubs_list_are_read_and_each_file_has_its_digest(hub: tuple[Host, Hub]) -> None:
    release = listed(hub[0], "hf://datasets/org/name")
    assert (release.dataset.revision, release.dataset.release, release.gap) == (COMMIT, COMMIT, None)
    assert [shard.name for shard in release.shards] == ["data/a.parquet", "data/b.csv", "data/d.tar", "e.jsonl"]
    assert [each.name for each in release.skipped] == ["data/c.md"]
    by_name = {shard.name: shard.remote for shard in release.shards}
    assert [remote is not None and remote.shard_id.partition(":")[0] for remote in by_name.values()] == [
        "sha256",
        "sha256",
        "sha256",
        "etag",
    ]
    assert all(remote is not None and f"/resolve/{COMMIT}/" in remote.address for remote in by_name.values())


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/data", ["data/a.parquet", "data/b.csv", "data/d.tar"]),
        ("/data/*.tar", ["data/d.tar"]),
        ("/data/b.csv", ["data/b.csv"]),
        ("/*.jsonl", ["e.jsonl"]),
        ("@v1.0/data/a.parquet", ["data/a.parquet"]),
        (f"@{OLDER}/data", ["data/a.parquet", "data/b.csv", "data/d.tar"]),
    ],
)
def test_a_path_a_pattern_and_a_revision_choose(hub: tuple[Host, Hub], path: str, names: list[str]) -> None:
    release = listed(hub[0], f"hf://datasets/org/name{path}")
    assert [shard.name for shard in release.shards] == names
    assert release.dataset.revision == (OLDER if "@" in path else COMMIT)
    assert release.dataset.release == {"@v1.0/data/a.parquet": "v1.0", f"@{OLDER}/data": OLDER}.get(path, COMMIT)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("hf://datasets/org/other", "no such dataset"),
        ("hf://datasets/org/name@v9", "has no revision v9"),
        (f"hf://datasets/org/name@{'ab' * 20}", "no such revision"),
        ("hf://datasets/org/name/nowhere", "no such path"),
        ("hf://datasets/org/name/data/no.parquet", "has no file data/no.parquet"),
    ],
)
def test_what_the_hub_does_not_have_is_a_usage_error(hub: tuple[Host, Hub], source: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        listed(hub[0], source)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda asked, answer: Answer(body=b"<html>"), "not what its interface says"),
        (lambda asked, answer: said([1, 2]), "not what its interface says"),
        (lambda asked, answer: Answer(status=500), "HTTP 500"),
        (lambda asked, answer: Answer(status=403), "access is refused"),
        (lambda asked, answer: Answer(status=200, body=b"[" * 100_000), "not what its interface says"),
        (lambda asked, answer: Answer(fields={"Link": '<https://evil.example/x>; rel="next"'}, body=b"[]") if "/tree/" in asked.path else None, "another host"),
        (lambda asked, answer: said([{"type": "file", "path": "a.parquet", "size": -1}]) if "/tree/" in asked.path else None, "not what its interface says"),
    ],
)  # fmt: skip
def test_a_hub_that_answers_otherwise_is_a_gap(hub: tuple[Host, Hub], fault: object, said: str) -> None:
    hub[1].faults.append(fault)  # type: ignore[arg-type]
    assert said in (listed(hub[0], "hf://datasets/org/name").gap or "")


def test_a_limit_is_waited_for_as_long_as_it_says(hub: tuple[Host, Hub], monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("scanner.fetch.web_ranges.Door.__init__.__kwdefaults__", {"sleep": waited.append})
    hub[1].limited = 2
    assert listed(hub[0], "hf://datasets/org/name").gap is None
    assert waited == [3.0, 3.0]


def exchange(*fields: tuple[str, str]) -> Exchange:
    raw = tuple((name.encode(), value.encode()) for name, value in fields)
    return Exchange(url="https://a.example/", requested_at="2026-01-01T00:00:00Z", method="GET", request_fields=(), http_version="HTTP/1.1", status=429, reason=b"", fields=raw, body=b"", cut=False, ip=None, tls_version=None, certificate_sha256=None, milliseconds=0)  # fmt: skip


def test_how_long_a_limit_lasts_is_read_from_either_field() -> None:
    assert wait_of(exchange(("RateLimit", '"api";r=0;t=55'))) == 55
    assert wait_of(exchange(("Retry-After", "7"))) == 7
    assert wait_of(exchange(("RateLimit", '"api";r=0;t=9999999'))) == 3600
    assert wait_of(exchange(("Retry-After", "soon"))) == wait_of(exchange()) == 60


def test_a_token_is_taken_from_the_environment_or_its_file_and_must_be_plain(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:  # fmt: skip
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HF_HOME", str(home))
    assert hub_token() is None
    (home / "token").write_text("from-file\n")
    assert hub_token() == "from-file"
    monkeypatch.setenv("HF_TOKEN", SECRET)
    assert hub_token() == SECRET
    monkeypatch.setenv("HF_TOKEN", "two\r\nlines")
    assert hub_token() is None


def test_a_directory_and_a_list_are_datasets_and_other_hosts_are_named_not_asked() -> None:
    listing = b"a.parquet\nhttp://127.0.0.2:1/b.parquet\nc.jpg\ngone.parquet\n"
    files = FileHost({"/d/a.parquet": b"PAR1 a", "/d/list.txt": listing, "/d/x": b"PAR1 x"})
    with Host(files) as host:
        release = listed(host, f"{host.url}/d/list.txt")
        assert [shard.name for shard in release.shards] == ["a.parquet"]
        assert {each.name: each.reason.partition(" ")[0] for each in release.skipped} == {
            "b.parquet": "lies",
            "c.jpg": "a",
        }
        assert release.refused == (("gone.parquet", "gone.parquet: it is not there (HTTP 404): withdrawn, renamed or misspelt"),)  # fmt: skip
        assert [shard.kind for shard in listed(host, f"{host.url}/d/x").shards] == ["parquet"]
        files.files = {"/e/a.md": b"x"}
        with pytest.raises(UsageError, match="no shard in it"):
            listed(host, f"{host.url}/e/")
        with pytest.raises(UsageError, match="it is not there"):
            listed(host, f"{host.url}/d/none.parquet")


def test_a_file_whose_host_says_neither_tag_nor_date_is_not_read_in_parts() -> None:
    files = FileHost({"/a.parquet": b"PAR1 a"}, dated=False)
    files.faults.append(lambda asked, answer: Answer(status=answer.status, body=answer.body, fields={}))
    with Host(files) as host:
        (shard,) = listed(host, f"{host.url}/a.parquet").shards
        assert shard.remote is not None
        assert not shard.remote.ranged


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[remote]\nhub = 'x'", "unknown key remote.hub"),
        ("[remote]\nhub_url = 'ftp://x'", "must begin with https://"),
        ("[remote]\ncloud_credentials = 'yes'", "must be true or false"),
        ("[remote]\ns3_region = 1", "must be a text"),
        ("remote = 1", r"\[remote\] must be a table"),
        ("remote_policy = 1", "unknown key scan.remote_policy"),
    ],
)
def test_a_wrong_setting_of_remote_datasets_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_config(text, where="a.toml")


def test_settings_of_remote_datasets_change_no_outcome_and_stand_in_the_record_where_they_are_not_the_usual_ones() -> (
    None
):
    plain, mirror = (
        parse_config("", where="a.toml"),
        parse_config('[remote]\nhub_url = "https://mirror.example/"', where="a.toml"),
    )
    assert mirror.remote_policy.hub_url == "https://mirror.example"
    assert "remote_policy" not in plain.record()
    assert mirror.record()["remote_policy"]["hub_url"] == "https://mirror.example"
    assert plain.outcome_sha256 == mirror.outcome_sha256
    assert plain.sha256 != mirror.sha256
    assert issubclass(ConfigError, ScannerError)


def test_a_signed_address_that_expires_is_asked_for_anew() -> None:
    content = bytes(range(256)) * 40
    storage, answers = FileHost({"/a.parquet": content}), Hub({"a.parquet": content})
    signed: list[str] = []

    def sign(asked: Request, answer: Answer) -> Answer | None:
        if answer.status != 302:
            return None
        signed.append(f"sig={len(signed)}")
        return Answer(status=302, fields={**answer.fields, "Location": f"{answers.storage}/a.parquet?{signed[-1]}"})

    asked_for: list[str] = []

    def edge(asked: Request, answer: Answer) -> Answer:
        asked_for.append(asked.query)
        if asked_for.count("sig=0") > 1 and asked.query == "sig=0":  # good for one part
            return Answer(status=403)
        return Answer(body=answer.body, fields={**answer.fields, "ETag": f'"edge of {asked.query}"'})

    storage.faults.append(edge)
    answers.faults.append(sign)
    with Host(storage) as stored, Host(answers) as host:
        answers.url, answers.storage = host.url, stored.url
        (shard,) = listed(host, "hf://datasets/org/name").shards
        assert shard.remote is not None
        source = WebRanges(shard.remote, Door(shard.remote.access))
        assert source.read(0, 100) == content[:100]
        assert source.read(100, 200) == content[100:200]
        source.close()
    assert signed == ["sig=0", "sig=1"]
