"""Where tasks may run: which scheduler addresses are taken, and that a cluster's workers answer like our own."""

from __future__ import annotations

import json
import operator
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from local_certificates import write_certificates

from scanner.config import ScanConfig
from scanner.errors import NetworkError, UsageError
from scanner.processes import Task
from scanner.runner.executors import cluster_address

if TYPE_CHECKING:
    from scanner.cluster import ClusterPool


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "tcp://localhost:8786", "tls://head-node:8786", "tls://192.0.2.7:1"])  # fmt: skip
def test_a_scheduler_here_or_behind_tls_is_taken(address: str) -> None:
    assert cluster_address(address, ScanConfig()) == address


@pytest.mark.parametrize("address", ["tcp://192.0.2.7:8786", "tcp://head-node:8786", "tcp://[2001:db8::1]:8786"])
def test_an_open_connection_to_another_computer_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="not encrypted"):
        cluster_address(address, ScanConfig())


def test_an_open_connection_within_a_named_network_is_taken() -> None:
    config = ScanConfig(allow_network=("192.0.2.0/24",))
    assert cluster_address("tcp://192.0.2.7:8786", config) == "tcp://192.0.2.7:8786"
    with pytest.raises(UsageError, match="not encrypted"):
        cluster_address("tcp://198.51.100.7:8786", config)


@pytest.mark.parametrize("address", ["", "head-node", "head-node:8786", "http://127.0.0.1:8786", "tcp://127.0.0.1", "tcp://h:99999", "ws://127.0.0.1:1", "inproc://x"])  # fmt: skip
def test_what_is_no_address_of_a_scheduler_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="not the address of a scheduler"):
        cluster_address(address, ScanConfig())


def test_the_schedulers_own_file_gives_its_address_and_is_judged_alike(tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text(json.dumps({"address": "tls://192.0.2.7:8786", "id": "Scheduler-1"}), encoding="utf-8")
    assert cluster_address(str(file), ScanConfig()) == "tls://192.0.2.7:8786"
    file.write_text(json.dumps({"address": "tcp://192.0.2.7:8786"}), encoding="utf-8")
    with pytest.raises(UsageError, match="not encrypted"):
        cluster_address(str(file), ScanConfig())
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="not a scheduler's file"):
        cluster_address(str(file), ScanConfig())


def open_pool(address: str, *paths: Path) -> ClusterPool:
    from scanner.cluster import ClusterPool

    return ClusterPool(address, operator.call, (dict,), paths=tuple(map(str, paths)))


def test_nobody_at_the_address_is_said_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    from dask_cluster import free_port

    monkeypatch.setattr("scanner.cluster.CONNECT_S", 0.5)
    with pytest.raises(NetworkError, match="no scheduler answers"):
        open_pool(f"tcp://127.0.0.1:{free_port()}")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="starts a cluster's processes the POSIX way")
def test_over_tls_a_worker_answers_those_who_show_a_certificate_and_must_see_the_same_files(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    import dask
    from dask_cluster import DaskCluster

    ca, certificate, key = write_certificates(tmp_path / "certificates")
    options = ("--tls-ca-file", str(ca), "--tls-cert", str(certificate), "--tls-key", str(key))
    tls = "distributed.comm.tls"
    shown = {f"{tls}.ca-file": str(ca), f"{tls}.client.cert": str(certificate), f"{tls}.client.key": str(key)}
    with DaskCluster(tmp_path / "cluster", workers=1, options=options, tls=True) as cluster:
        with dask.config.set(shown):
            with open_pool(cluster.address, tmp_path) as pool:
                for number in range(5):
                    pool.submit(Task(key=number, function=operator.mul, arguments=(number, number)))
                assert dict(pool.completed()) == {number: number * number for number in range(5)}
                pool.submit(Task(key="wrong", function=operator.truediv, arguments=(1, 0)))
                with pytest.raises(ZeroDivisionError):
                    dict(pool.completed())
            with open_pool(cluster.address, tmp_path / "not here") as pool:
                pool.submit(Task(key=0, function=operator.mul, arguments=(1, 1)))
                with pytest.raises(UsageError, match=r"does not see .*not here"):
                    dict(pool.completed())
        with pytest.raises(NetworkError, match="no scheduler answers"):
            open_pool(cluster.address)
