"""``provscan review``: decide findings one by one, or take the decisions of a file."""

from __future__ import annotations

import getpass
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.errors import UsageError

if TYPE_CHECKING:
    from manifests.packages import Package
    from manifests.reviewing import Journal, Session
    from manifests.words import Lang

HELP = (
    "c confirmed   r rejected   u undecided   n next   b back   o open pictures   t note   w write the package   "
    "q leave (resumes later)   ? help"
)


@click.command("review")
@click.argument("package", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--from",
    "decisions",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="CSV or JSON lines: match_id, decision, by, at, note.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", required=True, help="Folder of the new package.")
@click.option("--by", metavar="NAME", help="Who decides.")
@click.option("--at", metavar="TIME", help="When, where the file leaves it blank (2026-11-21T10:15:00Z).")
def command(package: Path, decisions: Path | None, out: Path, by: str | None, at: str | None) -> None:
    """Record what people decided about the findings, in a new package that names this one.

    Without --from: shows one finding after the other and waits for a key.  Leaving with q keeps what was decided; the same
    command goes on from there.  The package is offered once all are decided, and made with w before that: what nobody decided
    stays open in it.  A tier never changes by review.
    """
    from manifests.__main__ import main

    if decisions is not None:
        words = ["review", str(package), "--from", str(decisions), "--out", str(out)]
        for name, value in (("--by", by), ("--at", at)):
            words += [name, value] if value else []
        raise click.exceptions.Exit(main(words))
    if not sys.stdin.isatty():
        raise UsageError("nobody is at the keyboard", hint="Give the decisions in a file: --from decisions.csv")
    _review_by_key(package, out, by or getpass.getuser())


def _review_by_key(folder: Path, out: Path, by: str) -> None:
    from manifests.packages import open_package
    from manifests.reviewing import Journal, press
    from manifests.reviewing.session import Action, begun, with_note
    from scanner.runner.clock import utc_now

    package = open_package(folder)
    matches = {record["match_id"]: record for record in package.records("matches")}
    if not matches:
        click.echo("There are no findings to review.")
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is already there", hint="Choose another --out, or move it away.")
    journal = Journal(out.with_name(out.name + ".review.jsonl"), package.manifest_sha256)
    session = begun(tuple(matches), journal.decisions)
    lang = package.manifest["contents"]["locale"]
    click.echo(HELP)
    _show(matches[session.current], session, lang)
    if not session.left and _written(folder, out, session, journal):
        return
    while True:
        pressed = press(session, click.getchar(), by=by, at=utc_now())
        if pressed.action is Action.NOTE:
            pressed = with_note(session, click.prompt("Note", default="", show_default=False), by=by, at=utc_now())
        session = pressed.session
        if pressed.decision is not None:
            journal.append(pressed.decision)
        if pressed.action is Action.PICTURES:
            _open_pictures(package, session.current)
        elif pressed.action in (Action.HELP, Action.UNKNOWN):
            click.echo(HELP)
        elif pressed.action is Action.LEAVE:
            break
        elif pressed.action is not Action.WRITE:
            _show(matches[session.current], session, lang)
        if pressed.action in (Action.FINISHED, Action.WRITE) and _written(folder, out, session, journal):
            return
    if session.left or not _written(folder, out, session, journal):
        click.echo(f"{session.left} findings are not decided yet. The same command goes on from here.")


def _written(folder: Path, out: Path, session: Session, journal: Journal) -> bool:
    """Ask, then make the package of what is decided; whether it was made."""
    from manifests.reviewing import review

    if not journal.decisions:
        click.echo("Nothing is decided yet.")
        return False
    decided = "All decided." if not session.left else f"{session.left} are not decided and stay open."
    if not click.confirm(f"{decided} Write the new package?", default=True):
        return False
    review(folder, list(journal.decisions.values()), out)
    click.echo(str(out))
    return True


def _show(match: dict[str, Any], session: Session, lang: Lang) -> None:
    from manifests.texts.marks import speakable
    from manifests.words import caveat_text, sentence

    decided = session.decided.get(session.current)
    click.echo("")
    click.echo(f"{session.position + 1} of {len(session.findings)}   grade {match['grade']}   {match['tier']}")
    click.echo(speakable(sentence(match, lang)))
    click.echo(speakable(f"URL: {match['row']['url'] or '-'}"))
    click.echo(speakable(f"Caption: {match['row']['caption'] or '-'}"))
    for code in match["caveats"]:
        click.echo(f"  {caveat_text(code, lang)}")
    if decided is not None:
        click.echo(f"Decided: {decided.choice.value} by {speakable(decided.by)}")


def _open_pictures(package: Package, match_id: str) -> None:
    """Open the finding's pictures in the viewer of this computer, from copies outside the package."""
    listed = [str(entry["path"]) for entry in package.manifest["files"]]
    pictures = [path for path in listed if path.startswith(f"thumbnails/{match_id}-")]
    if not pictures:
        click.echo("This finding has no pictures.")
    folder = Path(tempfile.mkdtemp(prefix="provscan-review-"))
    for path in pictures:
        copy = folder / path.rpartition("/")[2]
        copy.write_bytes(package.read_bytes(f"data/{path}"))
        if sys.platform != "darwin":
            click.launch(str(copy))
        else:
            subprocess.run(["/usr/bin/open", str(copy)], check=False)  # noqa: S603 - a picture that we wrote
