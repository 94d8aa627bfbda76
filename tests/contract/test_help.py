"""What every verb says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from scanner.cli import VERBS, provscan

if TYPE_CHECKING:
    from collections.abc import Iterator


def verbs() -> Iterator[tuple[str, ...]]:
    context = click.Context(provscan)
    for verb in VERBS:
        yield (verb,)
        command = provscan.get_command(context, verb)
        if isinstance(command, click.Group):
            yield from ((verb, inner) for inner in command.list_commands(context))


@pytest.mark.parametrize("verb", list(verbs()), ids=" ".join)
def test_help_names_the_verb_as_it_was_called_and_shows_no_marks_of_the_help_writer(verb: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(provscan, [*verb, "--help"], prog_name="provscan")
    assert shown.exit_code == 0
    assert shown.output.lower().startswith(f"usage: provscan {' '.join(verb)}")
    assert "\\b" not in shown.output
    assert "\b" not in shown.output
