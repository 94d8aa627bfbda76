"""The text files that a user writes: settings, identity, lists of addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.errors import UsageError
from scanner.url_lists import parse_url_list

if TYPE_CHECKING:
    from pathlib import Path

    from scanner.identity import Identity


def read_text(path: Path) -> str:
    """A text file of the user's.

    Raises:
        UsageError: it is not there, or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", hint="Check the path of the file.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text", hint="Save it as UTF-8.") from error


def with_url_lists(identity: Identity, folder: Path) -> Identity:
    """The identity with the lists of addresses that it names, relative to ``folder``, read in.

    Raises:
        UsageError: a list is not there, or not UTF-8.
        ConfigError: a list is wrong (with file and line).
    """
    for name in identity.work_urls_files:
        listed = folder / name
        identity = identity.with_work_urls(parse_url_list(read_text(listed), where=str(listed)))
    return identity
