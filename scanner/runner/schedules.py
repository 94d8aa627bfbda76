"""Schedules of a case for cron, systemd, launchd and the Task Scheduler: texts, and installing them for the user alone.

Each has absolute paths, a log in the case's folder (one JSON object a run), and a way to catch up on a run that was missed because
the computer was off.  Two runs never meet: the case's own lock refuses the second.  A run that finds nothing new costs seconds, so
it may be started once too often.
"""

from __future__ import annotations

import hashlib
import os
import plistlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping  # noqa: TC003 - used in a dataclass field type and a table
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from xml.etree import ElementTree as ET

from scanner.errors import OutputError, UsageError
from scanner.runner.case_files import case_name

Every = Literal["daily", "weekly", "monthly"]
HOUR: Final = 3  # at night; the minute follows from the case, so that a computer's cases do not all begin at once
_MONTHS: Final = ("January February March April May June July August September October November December").split()
_TASKS: Final = "http://schemas.microsoft.com/windows/2004/02/mit/task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be run: ``command`` with absolute paths; ``name`` is its own on this computer."""

    name: str
    command: tuple[str, ...]
    log: str
    every: Every
    minute: int


def job_of(folder: Path, every: Every) -> Job:
    """The job of a case on this computer.

    Raises:
        UsageError: no case there, or a path that no schedule can hold.
    """
    case = folder.resolve()
    if not (case / "case.toml").is_file():
        raise UsageError(f"{folder}: there is no case.toml in it", hint=f"Make a case: provscan init {folder}")
    python = os.path.abspath(sys.executable)  # noqa: PTH100 - the environment's own link, not what it points to
    for path in (str(case), python):
        if any(not mark.isprintable() for mark in path):
            raise UsageError(f"{path!r} has characters that no schedule can hold", hint="Rename the folder.")
    digest = hashlib.sha256(os.fsencode(case)).digest()
    return Job(
        name=f"provscan-{case_name(case)}-{digest.hex()[:8]}",
        command=(python, "-m", "scanner", "rescan", str(case), "--quiet", "--json", "--exit-code"),
        log=str(case / "rescan.log"),
        every=every,
        minute=digest[0] % 60,
    )


def cron(job: Job) -> Mapping[str, str]:
    """Two lines of a crontab: at night, and after each start of the computer (cron itself catches up on nothing)."""
    line = f"{shlex.join(job.command)} >> {shlex.quote(job.log)} 2>&1".replace("%", "\\%")  # cron ends a line at %
    when = {"daily": "* * *", "weekly": "* * 1", "monthly": "1 * *"}[job.every]
    return {
        "crontab": f"# {job.name} begin\n{job.minute} {HOUR} {when} {line}\n@reboot sleep 300; {line}\n# {job.name} end\n"
    }


def systemd(job: Job) -> Mapping[str, str]:
    """A service and its timer, by file name; ``Persistent`` catches up on what was missed."""
    exec_start = " ".join(f'"{_systemd(word)}"' for word in job.command)
    log = job.log.replace("%", "%%")
    when = {"daily": "*-*-*", "weekly": "Mon *-*-*", "monthly": "*-*-01"}[job.every]
    service = f"""\
[Unit]
Description=provscan rescan ({job.name})

[Service]
Type=oneshot
ExecStart={exec_start}
SuccessExitStatus=10
StandardOutput=append:{log}
StandardError=append:{log}
Nice=10
"""
    timer = f"""\
[Unit]
Description=provscan rescan, {job.every} ({job.name})

[Timer]
OnCalendar={when} {HOUR:02}:{job.minute:02}:00
Persistent=true

[Install]
WantedBy=timers.target
"""
    return {f"{job.name}.service": service, f"{job.name}.timer": timer}


def launchd(job: Job) -> Mapping[str, str]:
    """A property list; ``RunAtLoad`` catches up at the next login."""
    when = {"Hour": HOUR, "Minute": job.minute}
    when |= {"daily": {}, "weekly": {"Weekday": 1}, "monthly": {"Day": 1}}[job.every]
    told = {
        "Label": job.name,
        "ProgramArguments": list(job.command),
        "StartCalendarInterval": when,
        "RunAtLoad": True,
        "StandardOutPath": job.log,
        "StandardErrorPath": job.log,
        "ProcessType": "Background",
    }
    return {f"{job.name}.plist": plistlib.dumps(told).decode()}


def schtasks(job: Job) -> Mapping[str, str]:
    """A task as the Task Scheduler imports it; ``StartWhenAvailable`` catches up, a second instance is not begun.

    Raises:
        UsageError: a path with ``%`` or ``"``, which cmd.exe would change.
    """
    for path in (*job.command, job.log):
        if set(path) & set('%"'):
            raise UsageError(f"{path}: cmd.exe cannot take % or quotes in a path", hint="Rename the folder.")
    ET.register_namespace("", _TASKS)
    task = ET.Element(f"{{{_TASKS}}}Task", version="1.2")
    trigger = _under(task, "Triggers", "CalendarTrigger")
    _under(trigger, "StartBoundary").text = f"2026-01-01T{HOUR:02}:{job.minute:02}:00"
    if job.every == "daily":
        _under(trigger, "ScheduleByDay", "DaysInterval").text = "1"
    elif job.every == "weekly":
        week = _under(trigger, "ScheduleByWeek")
        _under(week, "WeeksInterval").text = "1"
        _under(week, "DaysOfWeek", "Monday")
    else:
        month = _under(trigger, "ScheduleByMonth")
        _under(month, "DaysOfMonth", "Day").text = "1"
        months = _under(month, "Months")
        for name in _MONTHS:
            _under(months, name)
    settings = _under(task, "Settings")
    for name, value in (
        ("MultipleInstancesPolicy", "IgnoreNew"),
        ("DisallowStartIfOnBatteries", "false"),
        ("StopIfGoingOnBatteries", "false"),
        ("StartWhenAvailable", "true"),
        ("ExecutionTimeLimit", "PT0S"),
    ):
        _under(settings, name).text = value
    actions = _under(task, "Actions", "Exec")
    words = " ".join(f'"{word}"' for word in job.command)
    _under(actions, "Command").text = "cmd.exe"
    _under(actions, "Arguments").text = f'/d /s /c "{words} >> "{job.log}" 2>&1"'
    return {f"{job.name}.xml": f'<?xml version="1.0"?>\n{ET.tostring(task, encoding="unicode")}\n'}


KINDS: Final[Mapping[str, Callable[[Job], Mapping[str, str]]]] = {
    "cron": cron,
    "systemd": systemd,
    "launchd": launchd,
    "schtasks": schtasks,
}


def install(kind: str, job: Job) -> list[str]:
    """Install a schedule for this user; gives sentences that say what was done.  Doing it again replaces it.

    Raises:
        UsageError: this computer has no such scheduler.
        OutputError: it refused.
    """
    program = {"cron": "crontab", "systemd": "systemctl", "launchd": "launchctl", "schtasks": "schtasks"}[kind]
    if shutil.which(program) is None:
        raise UsageError(
            f"there is no {program} on this computer", hint=f"Leave out --install to see the {kind} schedule."
        )
    files = KINDS[kind](job)
    if kind == "cron":
        return _install_cron(job, files["crontab"])
    if kind == "systemd":
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"
        written = _write(base, files)
        _run("systemctl", "--user", "daemon-reload")
        _run("systemctl", "--user", "enable", "--now", f"{job.name}.timer")
        return [*written, "It runs while you are logged in; always with: loginctl enable-linger"]
    if kind == "launchd":
        written = _write(Path.home() / "Library" / "LaunchAgents", files)
        subprocess.run([program, "bootout", f"gui/{_user()}/{job.name}"], capture_output=True, check=False)  # noqa: S603 - an older one
        _run(program, "bootstrap", f"gui/{_user()}", written[0])
        return written
    written = _write(Path(job.log).parent, {"schedule.xml": files[f"{job.name}.xml"]})
    _run(program, "/Create", "/F", "/TN", job.name, "/XML", written[0])
    return [*written, f"Task {job.name}"]


def _install_cron(job: Job, block: str) -> list[str]:
    listed = subprocess.run(["crontab", "-l"], capture_output=True, check=False)  # noqa: S607 - the system's own
    before = listed.stdout.decode("utf-8", "surrogateescape") if listed.returncode == 0 else ""
    kept, inside = [], False
    for line in before.splitlines(keepends=True):
        inside = inside or line.strip() == f"# {job.name} begin"
        if not inside:
            kept.append(line)
        inside = inside and line.strip() != f"# {job.name} end"
    text = "".join(kept)
    text += "" if not text or text.endswith("\n") else "\n"
    _run("crontab", "-", given=(text + block).encode("utf-8", "surrogateescape"))
    return [f"Two lines of your crontab, between the comments {job.name}"]


def _write(folder: Path, files: Mapping[str, str]) -> list[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{folder} could not be written: {error.strerror or error}") from error
    return [str(folder / name) for name in files]


def _run(*words: str, given: bytes | None = None) -> None:
    done = subprocess.run(words, input=given, capture_output=True, check=False)  # noqa: S603 - the system's own scheduler
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        raise OutputError(
            f"{words[0]} refused: {said or f'code {done.returncode}'}", hint="Install the printed schedule by hand."
        )


def _user() -> int:
    return 0 if sys.platform == "win32" else os.getuid()


def _systemd(word: str) -> str:
    r"""A word between double quotes of ``ExecStart=``.

    >>> _systemd('100% "a" $HOME')
    '100%% \\"a\\" $$HOME'
    """
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")


def _under(element: ET.Element, *names: str) -> ET.Element:
    for name in names:
        element = ET.SubElement(element, f"{{{_TASKS}}}{name}")
    return element
