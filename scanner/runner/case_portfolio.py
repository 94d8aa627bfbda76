"""The portfolio of a case: pictures that have not changed since they were measured are not decoded again."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from scanner.config import RESULT_VERSION
from scanner.portfolios import read_portfolio
from scanner.portfolios.measuring import Measured, stamp_of

if TYPE_CHECKING:
    from scanner.cases import Case
    from scanner.config import ScanConfig
    from scanner.events import Watcher
    from scanner.ledger import History
    from scanner.works import Portfolio


class MeasuredBefore:
    """What the ledger has of pictures: by path, size, time, and the settings that change what is measured."""

    def __init__(self, history: History, config: ScanConfig) -> None:
        """Look up under ``config``."""
        self._history = history
        said = json.dumps([RESULT_VERSION, config.variants, config.parts, config.portfolio_max_pixels])
        self._settings = hashlib.sha256(said.encode()).hexdigest()
        self._new: list[tuple[str, str, str, str]] = []

    def known(self, path: str) -> Measured | None:
        """What an unchanged picture gave."""
        stamp = stamp_of(path)
        text = None if stamp is None else self._history.measured(path, stamp, self._settings)
        return None if text is None else Measured.loads(text)

    def keep(self, path: str, stamp: str | None, measured: Measured) -> None:
        """Keep what a picture gave, if it is a picture and could be read."""
        if stamp is not None and measured.facts is not None:
            self._new.append((path, stamp, self._settings, measured.dumps()))

    def close(self) -> None:
        """Write what is new, in one transaction."""
        self._history.keep_measured(self._new)
        self._new = []


def read_case_portfolio(case: Case, history: History, workers: int, watch: Watcher) -> Portfolio:
    """The portfolio as it is today.

    Raises:
        PortfolioError: as ``read_portfolio``.
    """
    before = MeasuredBefore(history, case.config)
    portfolio = read_portfolio(case.portfolio, config=case.config, workers=workers, watcher=watch, before=before)
    before.close()
    return portfolio
