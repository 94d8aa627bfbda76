"""What an artist declares, end to end: a domain's own time, a shared name, an address at another size."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from integration_world import manifest, records
from small_world import write_works
from synthetic_shards import table_of

from scanner.config import ScanConfig
from scanner.datasets import Dataset
from scanner.events import Noticed
from scanner.identity import Identity, parse_identity
from scanner.runner.scanning import MAX_WARNINGS, ScanRequest, compile_question, run_scan
from scanner.works import Portfolio

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = """
names = ["John Smith", "Béatrice Łukasiewicz"]
domains = [{ domain = "old-ada.example", to = "2018-06-30" }, "ada.example"]
profile_urls = ["https://www.facebook.com/profile.php?id=12"]
work_urls = ["https://i.pinimg.com/originals/40/d3/0b/40d30b62d2d2f088f68469937a0b57ee.jpg"]
"""
PLANTED: dict[int, dict[str, Any]] = {
    0: {"URL": "https://old-ada.example/fox.jpg", "TEXT": "fox"},
    1: {"URL": "https://i.pinimg.com/236x/40/d3/0b/40d30b62d2d2f088f68469937a0b57ee.jpg", "TEXT": "fox"},
    2: {"URL": "https://www.facebook.com/profile.php?id=13", "TEXT": "someone else"},
    3: {"URL": "https://fakeada.example/x.jpg", "TEXT": "Beatrice Lukasiewicz"},
    **{row: {"TEXT": "by John Smith"} for row in range(10, 40)},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("identity")
    write_works(folder / "works")
    (folder / "laion").mkdir()
    pq.write_table(table_of("laion400m", 100, PLANTED), folder / "laion" / "part-00000.parquet")
    return folder


def found(world: Path, name: str, release: str | None) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    request = ScanRequest(
        portfolio=(str(world / "works"),),
        datasets=(Dataset(name="laion", source=str(world / "laion"), release=release),),
        identity=parse_identity(IDENTITY, where="id.toml"),
        config=replace(ScanConfig(), variants="fast", control_works=0),
        out=world / name,
        workers=1,
        lang="en",
        command=("provscan",),
    )
    run_scan(request)
    return records(world / name, "matches"), manifest(world / name)


def test_a_domain_is_matched_in_its_own_time_and_a_shared_name_says_in_how_many_rows_it_stands(world: Path) -> None:
    matches, whole = found(world, "unknown-day", None)
    tiers = {match["row"]["row_number"]: match["tier"] for match in matches}
    assert tiers == {0: "host_listed", 1: "asset_listed", 3: "caption_names", 10: "caption_names"}
    assert whole["results"]["not_listed"] == {"caption_names": 29}
    (name,) = (match for match in matches if match["row"]["row_number"] == 10)
    assert name["caveats"].count("name_shared") == 1
    assert name["basis"][0]["detail"]["rows_with_name"] == "30"
    (folded,) = (match for match in matches if match["row"]["row_number"] == 3)
    assert folded["basis"][0]["metric"].endswith(";folded")
    later, _ = found(world, "later", "2021-08-20")
    assert {match["row"]["row_number"] for match in later} == {1, 3, 10}
    assert json.loads((world / "later" / "data" / "identity.json").read_bytes())["domains"][0]["to"] == "2018-06-30"


def test_thousands_of_declarations_alike_are_warned_about_in_a_few_lines() -> None:
    pages = tuple(f"https://www.instagram.com/artist-{number}" for number in range(5_000))
    told: list[str] = []
    compile_question(
        Portfolio(works=()),
        Identity(profile_urls=pages),
        replace(ScanConfig(), control_works=0),
        lambda event: told.append(event.text) if isinstance(event, Noticed) else None,
    )
    assert len(told) == MAX_WARNINGS + 1
    assert told[-1] == "4,980 further declarations of these kinds are not named here"
