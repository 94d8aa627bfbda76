"""Every error a user can meet, as a tree.

::

    ScannerError(message, hint)          exit code
    ├ UsageError                         2   a path that is not there, options that make no sense
    │ ├ PortfolioError                   2   nothing to compare
    │ ├ ConfigError                      2   a configuration or identity file, with the path of the key
    │ ├ LayoutUnknown                    2   columns nobody described; says how to map them
    │ └ NetworkOff                       2   a remote dataset while the configuration says offline
    ├ ShardError                         3   one shard could not be read; never stops a scan
    │ ├ ShardDamaged(row_group)          3
    │ ├ ShardChanged                     3   the file changed while it was read
    │ ├ WorkChanged                      3   a file of the portfolio changed, so its rows could not be checked against it
    │ └ ShardUnreachable                 3   a remote file that is not given to us: gated, withdrawn, no answer
    ├ LedgerError                        3   the record of finished work is damaged or locked
    ├ OutputError                        3   disk full, read-only folder
    ├ NetworkError                       3   an address that the user gave did not answer as it should
    └ Incomplete                         3   finished with gaps; the package says which

What happens to single rows and pictures is not an error: it is a ``StrEnum`` value, counted (``RowFault``, ``PictureFault``).
"""

from __future__ import annotations


class ScannerError(Exception):
    """The root: one sentence of what is wrong, one of what to do; printing belongs to the command line."""

    exit_code: int = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep ``message`` (what is wrong with which thing) and ``hint`` (what to do)."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Cross process borders with the hint, which the default would drop."""
        return (_rebuild, (type(self), self.message, self.hint, self.__dict__))


def _rebuild(kind: type[ScannerError], message: str, hint: str, state: dict[str, object]) -> ScannerError:
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    error.message, error.hint = message, hint
    error.__dict__.update(state)
    return error


class UsageError(ScannerError):
    """The command cannot be carried out as given."""

    exit_code = 2


class PortfolioError(UsageError):
    """The portfolio holds nothing that can be compared, or its works.csv is wrong."""


class ConfigError(UsageError):
    """A configuration or identity file is wrong; the message names the key's path."""


class LayoutUnknown(UsageError):
    """A file whose columns fit no known layout; the message prints them and how to map them."""

    def __init__(self, message: str, *, hint: str = "", columns: tuple[str, ...] = ()) -> None:
        """Keep the column names beside the message."""
        super().__init__(message, hint=hint)
        self.columns = columns


class NetworkOff(UsageError):
    """A remote address was given while the configuration says ``offline = true``."""


class ShardError(ScannerError):
    """One shard could not be read: a coverage gap, recorded with its reason."""

    exit_code = 3


class ShardDamaged(ShardError):
    """Truncated, bit-flipped or encrypted; rows before the damage are kept."""

    def __init__(self, message: str, *, hint: str = "", row_group: int | None = None) -> None:
        """Keep the first bad row group, where the format has them."""
        super().__init__(message, hint=hint)
        self.row_group = row_group


class ShardChanged(ShardError):
    """The file is not the one whose digest was taken at the start."""


class WorkChanged(ShardError):
    """A file of the portfolio is not the one that was read at the start, so a picture could not be compared with it."""


class ShardUnreachable(ShardError):
    """A remote file is not given to us: gated, withdrawn, taken down, or its host does not answer.  Unknown, never "not there"."""


class LedgerError(ScannerError):
    """The record of finished work is damaged, locked or from a newer version."""

    exit_code = 3


class OutputError(ScannerError):
    """The result could not be written: disk full, read-only folder."""

    exit_code = 3


class NetworkError(ScannerError):
    """An address that the user gave did not answer as it should."""

    exit_code = 3


class Incomplete(ScannerError):
    """The scan ended with gaps; what was finished is saved and the same command resumes."""

    exit_code = 3
