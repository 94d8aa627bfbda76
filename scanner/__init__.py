"""provscan: are these works in that training dataset, where exactly, how do we know, and how often would this method be wrong?

The same things that the command does, for programs::

    from scanner import open_dataset, read_portfolio, scan

    portfolio = read_portfolio(["my-pictures"])
    for batch in open_dataset("laion400m-meta").batches({"url", "caption"}):
        ...
    result = scan(["my-pictures"], {"laion400m": "laion400m-meta"}, out="result")
    print(result.findings, result.package)

Names are imported when first used, so that importing this package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from scanner._version import __version__

if TYPE_CHECKING:
    from scanner.config import ScanConfig
    from scanner.datasets import Dataset, Role
    from scanner.errors import ScannerError
    from scanner.identity import Identity
    from scanner.portfolios import read_portfolio
    from scanner.runner.api import OpenDataset, open_dataset, scan
    from scanner.runner.scanning import ScanResult
    from scanner.works import Declared, Excluded, Fingerprint, Portfolio, Rendition, Work

__all__ = [
    "Dataset",
    "Declared",
    "Excluded",
    "Fingerprint",
    "Identity",
    "OpenDataset",
    "Portfolio",
    "Rendition",
    "Role",
    "ScanConfig",
    "ScanResult",
    "ScannerError",
    "Work",
    "__version__",
    "open_dataset",
    "read_portfolio",
    "scan",
]

_HOME = {
    "Dataset": "scanner.datasets",
    "Declared": "scanner.works",
    "Excluded": "scanner.works",
    "Fingerprint": "scanner.works",
    "Identity": "scanner.identity",
    "OpenDataset": "scanner.runner.api",
    "Portfolio": "scanner.works",
    "Rendition": "scanner.works",
    "Role": "scanner.datasets",
    "ScanConfig": "scanner.config",
    "ScanResult": "scanner.runner.scanning",
    "ScannerError": "scanner.errors",
    "Work": "scanner.works",
    "open_dataset": "scanner.runner.api",
    "read_portfolio": "scanner.portfolios",
    "scan": "scanner.runner.api",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'scanner' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
