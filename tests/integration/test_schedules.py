"""Schedules: valid for their schedulers, absolute, and really fired where this machine allows it."""

from __future__ import annotations

import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from integration_world import Run, environment

from scanner.errors import UsageError
from scanner.runner.schedules import Every, Job, cron, install, job_of, launchd, schtasks, systemd

EVERY: tuple[Every, ...] = ("daily", "weekly", "monthly")
NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "Ada's 100% case"
    folder.mkdir()
    (folder / "case.toml").write_text("portfolio = []\n", encoding="utf-8")
    return folder


@pytest.fixture(params=EVERY)
def job(request: pytest.FixtureRequest, case: Path) -> Job:
    return job_of(case, request.param)


def test_every_path_is_absolute_and_the_command_runs_the_case(job: Job, case: Path) -> None:
    assert Path(job.command[0]).is_absolute()
    assert job.command[1:5] == ("-m", "scanner", "rescan", str(case.resolve()))
    assert Path(job.log).parent == case.resolve()


def test_a_crontab_says_when_and_how_to_catch_up(job: Job) -> None:
    begin, line, again, end = cron(job)["crontab"].splitlines()
    assert begin.startswith("# provscan-Ada-s-100")
    assert end.startswith("# ")
    minute, hour, day, month, weekday, command = line.split(" ", 5)
    assert (0 <= int(minute) <= 59, hour, month) == (True, "3", "*")
    assert (day, weekday) == {"daily": ("*", "*"), "weekly": ("*", "1"), "monthly": ("1", "*")}[job.every]
    assert again == f"@reboot sleep 300; {command}"
    # cron cuts a line at a bare % and gives the shell the rest without the backslashes
    assert "%" not in command.replace("\\%", "")
    words = shlex.split(command.replace("\\%", "%"))
    assert tuple(words[: len(job.command)]) == job.command
    assert words[len(job.command) :] == [">>", job.log, "2>&1"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
def test_systemd_accepts_the_units(job: Job, tmp_path: Path) -> None:
    paths = []
    for name, text in systemd(job).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        paths.append(tmp_path / name)
    scrubbed = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", *paths], capture_output=True, env=scrubbed, check=False
    )
    complaints = [line for line in done.stderr.decode().splitlines() if job.name in line]
    assert complaints == [], done.stderr.decode()
    when = next(line for line in paths[1].read_text(encoding="utf-8").splitlines() if line.startswith("OnCalendar="))
    subprocess.run(["systemd-analyze", "calendar", when.partition("=")[2]], capture_output=True, check=True)
    assert "Persistent=true" in paths[1].read_text(encoding="utf-8")


def test_launchd_reads_the_property_list(job: Job) -> None:
    ((name, text),) = launchd(job).items()
    told = plistlib.loads(text.encode())
    assert name == f"{told['Label']}.plist"
    assert tuple(told["ProgramArguments"]) == job.command
    assert told["RunAtLoad"] is True
    assert set(told["StartCalendarInterval"]) - {"Hour", "Minute"} == {"daily": set(), "weekly": {"Weekday"}, "monthly": {"Day"}}[job.every]  # fmt: skip


@pytest.mark.parametrize("every", EVERY)
def test_the_task_scheduler_reads_the_task(tmp_path: Path, every: Every) -> None:
    (tmp_path / "my case").mkdir()
    (tmp_path / "my case" / "case.toml").write_text("", encoding="utf-8")
    ((_, text),) = schtasks(job_of(tmp_path / "my case", every)).items()
    task = ET.fromstring(text)
    assert task.tag == f"{NAMESPACE}Task"
    assert [child.tag.removeprefix(NAMESPACE) for child in task] == ["Triggers", "Settings", "Actions"]
    settings = {child.tag.removeprefix(NAMESPACE): child.text for child in task[1]}
    assert (settings["StartWhenAvailable"], settings["MultipleInstancesPolicy"]) == ("true", "IgnoreNew")
    arguments = task[2][0][1].text or ""
    assert arguments.startswith('/d /s /c ""')
    assert arguments.endswith('rescan.log" 2>&1"')


def test_a_path_that_a_shell_would_change_is_refused(case: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot take %"):
        schtasks(job_of(case, "daily"))
    (tmp_path / "two\nlines").mkdir()
    (tmp_path / "two\nlines" / "case.toml").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="no schedule can hold"):
        job_of(tmp_path / "two\nlines", "daily")


def test_the_verb_prints_and_wants_one_scheduler(provscan: Run, case: Path) -> None:
    assert provscan("schedule", case).code == 2
    printed = provscan("schedule", case, "--systemd", "--every", "daily")
    assert printed.code == 0
    assert printed.out.startswith("# ~/.config/systemd/user/provscan-Ada-s-100")
    assert not list(case.glob("*.service"))


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands in for crontab")
def test_installing_in_a_crontab_replaces_its_own_lines_alone(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "table"
    table.write_text("17 * * * * something else\n", encoding="utf-8")
    fake = tmp_path / "bin" / "crontab"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\nif [ "$1" = -l ]; then cat {table}; else cat > {table}; fi\n', encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    install("cron", job_of(case, "daily"))
    once = table.read_text(encoding="utf-8")
    install("cron", job_of(case, "daily"))
    assert table.read_text(encoding="utf-8") == once
    install("cron", job_of(case, "monthly"))
    lines = table.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "17 * * * * something else"
    assert len(lines) == 5


def test_a_scheduler_that_is_not_there_is_said(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for kind in ("cron", "systemd", "launchd", "schtasks"):
        with pytest.raises(UsageError, match="on this computer"):
            install(kind, job_of(case, "daily"))


@pytest.mark.skipif(sys.platform == "win32", reason="a shell is needed")
def test_the_line_of_a_crontab_runs_as_cron_runs_it(case: Path) -> None:
    """``/bin/sh`` with cron's bare environment, in another folder; the log says what came of it."""
    line = cron(job_of(case, "daily"))["crontab"].splitlines()[1].split(" ", 5)[5].replace("\\%", "%")
    bare = {"HOME": "/", "PATH": "/usr/bin:/bin", "PYTHONPATH": environment()["PYTHONPATH"]}
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, cwd="/", env=bare, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"")
    assert "portfolio is empty" in (case / "rescan.log").read_text(encoding="utf-8")


@pytest.mark.skipif(
    "PROVSCAN_REAL_CRON" not in os.environ or shutil.which("crontab") is None or shutil.which("cron") is None,
    reason="changes the user's crontab for two minutes: PROVSCAN_REAL_CRON=1, where cron is installed",
)
def test_cron_really_fires(case: Path) -> None:
    before = subprocess.run(["crontab", "-l"], capture_output=True, check=False)
    daemon = subprocess.Popen(["cron", "-f"]) if not _is_running("cron") else None
    try:
        install("cron", job_of(case, "daily"))
        installed = subprocess.run(["crontab", "-l"], capture_output=True, check=True).stdout.decode()
        soon = re.sub(r"^\d+ 3 \* \* \*", "* * * * *", installed, flags=re.MULTILINE)
        assert soon != installed
        subprocess.run(["crontab", "-"], input=soon.encode(), check=True)
        log = case / "rescan.log"
        end = time.monotonic() + 600
        while time.monotonic() < end and not (log.exists() and "portfolio is empty" in log.read_text(encoding="utf-8")):
            time.sleep(0.5)
        assert "portfolio is empty" in log.read_text(encoding="utf-8")
    finally:
        subprocess.run(["crontab", "-"], input=before.stdout if before.returncode == 0 else b"", check=True)
        if daemon is not None:
            daemon.terminate()
            daemon.wait()


def _is_running(name: str) -> bool:
    return any(path.read_text(encoding="utf-8").strip() == name for path in Path("/proc").glob("[0-9]*/comm"))
