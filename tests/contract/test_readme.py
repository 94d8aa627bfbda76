"""The README's words are commands that run, in the order in which they stand there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from integration_world import command, environment

from scanner.cli import VERBS
from scanner.cli.options import named_dataset
from scanner.cli.scan import command as scan_command
from scanner.config import ScanConfig, parse_config
from scanner.datasets import is_address
from scanner.demo import make_demo_world
from scanner.releases.addresses import parse_hub_address
from scanner.runner.executors import cluster_address

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXPECTED = {"rescan my-case --json": 0, "--exit-code": 10}  # findings are there; of a case, none that are new


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def block_with(words: str) -> str:
    """The one example of a settings file that has these words."""
    (block,) = [block for block in blocks("toml") if words in block]
    return block


def printed_commands() -> list[str]:
    lines = [line.partition("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith(("provscan ", "python "))]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which everything lies that the README speaks of."""
    home = tmp_path_factory.mktemp("readme")
    world = make_demo_world(home / "made")
    shutil.copytree(world.works.parent, home / "my-pictures", ignore=shutil.ignore_patterns("works.csv"))
    for path in world.works.parent.iterdir():
        shutil.copy(path, home / path.name)
    shutil.copytree(world.datasets["coyo-demo"], home / "coyo-700m")
    shutil.copytree(world.datasets["laion-demo"], home / "laion400m-meta")
    shutil.copytree(world.works.parent, home / "more-pictures", ignore=shutil.ignore_patterns("works.csv"))
    (home / "identity.toml").write_text(block_with("work_urls"), encoding="utf-8")
    for package in ("scanner", "manifests"):
        (home / package).symlink_to(ROOT / package)
    return home


def prepared(line: str, home: Path) -> list[str]:
    words = shlex.split(line)
    if "MATCH_ID" in words or "decisions.csv" in words:
        first = json.loads((home / "result" / "data" / "matches.jsonl").read_bytes().split(b"\n")[0])["match_id"]
        rows = f"match_id,decision,by,at,note\n{first},confirmed,A. Expert,2026-11-21T10:15:00Z,\n"
        (home / "decisions.csv").write_text(rows, encoding="utf-8")
        words = [first if word == "MATCH_ID" else word for word in words]
    if words[1:2] == ["rescan"]:
        (home / "my-case" / "case.toml").write_text(block_with("[[datasets]]"), encoding="utf-8")
    return command(words[1:]) if words[0] == "provscan" else [sys.executable, *words[1:]]


def test_every_printed_command_runs_in_the_order_of_the_text(home: Path) -> None:
    commands = printed_commands()
    assert len(commands) >= 12
    for line in commands:
        if line.startswith("provscan sign") and shutil.which("openssl") is None:
            continue
        done = subprocess.run(prepared(line, home), capture_output=True, cwd=home, env=environment(), check=False)
        expected = next((code for option, code in EXPECTED.items() if option in line), 0)
        assert done.returncode == expected, f"{line}\n{done.stderr.decode()}"


def test_the_python_of_the_readme_runs(home: Path) -> None:
    shutil.rmtree(home / "result", ignore_errors=True)
    for number, program in enumerate(blocks("python")):
        script = home / f"readme_{number}.py"
        script.write_text(program, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(script)], capture_output=True, cwd=home, env=environment(), check=False
        )
        assert done.returncode == 0, done.stderr.decode()


def test_the_settings_of_the_readme_are_settings() -> None:
    settings = parse_config(block_with("[fetch]"), where="README.md")
    assert settings.fetch_policy.contact
    assert settings.fetch_policy.timegates


def test_every_place_on_the_developers_map_is_there() -> None:
    rows = [line.split("|")[1] for line in README.splitlines() if line.startswith(("| `scanner/", "| `manifests/"))]
    places = [place for row in rows for place in re.findall(r"`([^`]+)`", row)]
    places += re.findall(r"^scanner/\S+", README, re.MULTILINE)
    assert len(places) >= 30
    assert [each for each in places if not (ROOT / each).exists() and not (ROOT / "scanner" / each).exists()] == []


def test_the_two_commands_of_a_fresh_machine_are_one_line_each() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("python3 -m venv")]
    assert len(lines) == 2
    assert lines[0].endswith("provscan demo")
    assert lines[1].endswith("pytest -q")


def test_readme_and_help_know_the_same_verbs() -> None:
    spoken = set(re.findall(r"provscan ([a-z]+)\b", README))
    assert set(VERBS) - spoken == set()


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_a_help_that_names_its_options(verb: str) -> None:
    done = subprocess.run(command([verb, "--help"]), capture_output=True, env=environment(), check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b"--help" in done.stdout or b"Commands:" in done.stdout


def test_the_changelog_names_the_version_of_the_package() -> None:
    namespace: dict[str, Any] = {}
    exec((ROOT / "scanner" / "_version.py").read_text(encoding="utf-8"), namespace)
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{namespace['__version__']}]" in changelog


def test_every_printed_command_that_needs_a_network_is_one_that_the_program_understands() -> None:
    # These name hosts of others, so they are parsed as the command line parses them and not run; tests/integration runs their like.
    lines = [line for block in blocks("console") for line in block.splitlines() if line.startswith("provscan scan")]
    assert len(lines) >= 5
    for line in lines:
        words = shlex.split(line)[2:]
        context = scan_command.make_context("scan", list(words))
        for dataset in context.params["datasets"]:
            named = named_dataset(dataset, None, None)
            assert is_address(named.source) or named.source.startswith("/shared/"), line
            if named.source.startswith("hf://"):
                assert parse_hub_address(named.source).id.count("/") == 1
        if context.params["cluster"] is not None:
            assert cluster_address(context.params["cluster"], ScanConfig()) == context.params["cluster"]
