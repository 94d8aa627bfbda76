"""Whoever is to hear of findings: told without a shell, through the guard; a notice that fails is said and loses nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from case_world import RESULT
from hostile_server import HostileServer, answer

from scanner.cases import Case
from scanner.config import ScanConfig
from scanner.datasets import Dataset
from scanner.events import Event, Noticed
from scanner.runner.case_results import RescanResult
from scanner.runner.notifying import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = ScanConfig(allow_network=("127.0.0.0/8",))


def case(*, config: ScanConfig = LOOPBACK, command: tuple[str, ...] = (), webhook: str | None = None) -> Case:
    dataset = Dataset(name="d", source="d")
    return Case(portfolio=("p",), datasets=(dataset,), config=config, on_findings=command, webhook=webhook)


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as running:
        yield running


def told(result: RescanResult, about: Case) -> tuple[RescanResult, list[str]]:
    heard: list[Event] = []
    given = tell(result, about, heard.append)
    return given, [event.text for event in heard if isinstance(event, Noticed)]


def test_a_command_is_given_the_summary_and_its_words_as_they_are(tmp_path: Path) -> None:
    script = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read())"
    target = tmp_path / "$HOME; echo && 'quoted'"
    given, notices = told(RESULT, case(command=(sys.executable, "-c", script, str(target))))
    assert (given.untold, notices) == ((), [])
    assert json.loads(target.read_bytes()) == RESULT.record()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("/no/such/command",), "could not be started"),
        ((sys.executable, "-c", "raise SystemExit(7)"), "ended with code 7"),
    ],
)
def test_a_command_that_fails_is_said_and_the_result_stays(command: tuple[str, ...], words: str) -> None:
    given, notices = told(RESULT, case(command=command))
    assert len(given.untold) == 1
    assert words in given.untold[0]
    assert "case/packages/p" in given.untold[0].replace("\\", "/")
    assert notices == list(given.untold)
    assert given.findings == 2


def test_a_webhook_is_posted_the_summary(server: HostileServer) -> None:
    url = server.says("/hook", answer(b"", "204 No Content"))
    given, _ = told(RESULT, case(webhook=url))
    assert given.untold == ()
    assert server.asked[-1].method == "POST"
    assert server.asked[-1].field("content-type") == "application/json"
    assert json.loads(server.asked[-1].body) == RESULT.record()


def test_a_webhook_that_answers_badly_or_not_at_all_is_said(server: HostileServer) -> None:
    given, _ = told(RESULT, case(webhook=server.says("/hook", answer(b"", "500 Broken"))))
    assert "answered with status 500" in given.untold[0]
    given, _ = told(RESULT, case(webhook="http://127.0.0.1:9/closed"))
    assert len(given.untold) == 1


def test_a_webhook_passes_the_guard_of_fetching(server: HostileServer) -> None:
    url = server.says("/hook", answer(b""))
    given, _ = told(RESULT, case(config=ScanConfig(), webhook=url))
    assert len(given.untold) == 1
    assert server.asked == []


def test_nobody_is_told_of_a_run_without_new_findings(server: HostileServer, tmp_path: Path) -> None:
    from dataclasses import replace

    quiet = replace(RESULT, findings=0)
    touch = (sys.executable, "-c", "import pathlib, sys; pathlib.Path(sys.argv[1]).touch()", str(tmp_path / "told"))
    told(quiet, case(command=touch, webhook=server.says("/hook", answer(b""))))
    assert server.asked == []
    assert not (tmp_path / "told").exists()
