"""Where the tasks of a run are carried out: worker processes of this computer, or those of a Dask cluster.

Both run the same tasks on the same values and neither decides what is done (the ledger does), so the result is the same bytes.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawArray
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scanner.errors import UsageError
from scanner.processes import Executor, WorkerPool
from scanner.runner import tasks

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.config import ScanConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What every worker process has to know before its first task: ``function(*arguments, progress)`` is called once in each."""

    function: Callable[..., None]
    arguments: tuple[Any, ...]


def open_executor(
    preparation: Preparation, workers: int, cluster: str | None = None, paths: tuple[str, ...] = ()
) -> Executor:
    """Prepared workers: ``workers`` processes of this computer, or all of the cluster whose scheduler is at ``cluster``.

    ``paths`` are files that every worker has to see.

    Raises:
        UsageError: the packages of the extra ``cluster`` are not installed.
        NetworkError: nobody answers at ``cluster``, or it has no workers.
    """
    if cluster is None:
        progress = RawArray("q", 2 * tasks.PROGRESS_SLOTS)
        return WorkerPool(workers, preparation.function, (*preparation.arguments, progress), progress=progress)
    try:
        from scanner.cluster import ClusterPool  # noqa: PLC0415 - needs the extra
    except ImportError as error:
        raise UsageError(
            "--cluster needs Dask, which is not installed", hint='pip install "provscan[cluster]"'
        ) from error
    unheard = [0] * (2 * tasks.PROGRESS_SLOTS)  # each worker counts in a copy of its own: nobody asks them
    return ClusterPool(cluster, preparation.function, (*preparation.arguments, unheard), paths=paths)


def cluster_address(given: str, config: ScanConfig) -> str:
    """The scheduler's address: ``tls://HOST:PORT``, ``tcp://HOST:PORT``, or the file that ``dask scheduler --scheduler-file`` wrote.

    Who can speak to a Dask scheduler can run any program on its workers, and ``tcp://`` neither encrypts nor asks who is there.  So
    beyond this computer it has to be ``tls://``, unless the user has named the network as one of their own (``--allow-network``).

    Raises:
        UsageError: no such address, or an open one.
    """
    address = _from_file(Path(given)) if Path(given).is_file() else given
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if host is None or port is None or scheme not in {"tcp", "tls"}:
        raise UsageError(
            f"--cluster {given}: not the address of a scheduler",
            hint="For example: --cluster tls://head-node:8786, or the file of dask scheduler --scheduler-file FILE.",
        )
    if scheme == "tcp" and not _is_own(host, config.allow_network):
        raise UsageError(
            f"--cluster {given}: tcp:// to another computer is not encrypted, and whoever reaches it can run programs there",
            hint="Use tls:// with certificates (README), or say that the network is yours alone: --allow-network CIDR.",
        )
    return address


def _from_file(path: Path) -> str:
    try:
        address = json.loads(path.read_text(encoding="utf-8"))["address"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"--cluster {path}: not a scheduler's file ({type(error).__name__})") from error
    return str(address)


def _is_own(host: str, networks: tuple[str, ...]) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name may lead anywhere
        return False
    return address.is_loopback or any(address in ipaddress.ip_network(network) for network in networks)
