"""``provscan timestamp --tsa``: a real request over HTTP to an authority on loopback, kept as received, verified afterwards."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import package_builder
import pytest
from case_world import RESULT
from integration_world import Ran, command, environment
from local_tsa import build_tsa

from scanner.cases import Case
from scanner.datasets import Dataset
from scanner.events import unwatched
from scanner.runner.notifying import tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_tsa import LocalTsa

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this machine")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LocalTsa:
    return build_tsa(tmp_path_factory.mktemp("http-tsa") / "tsa")


@pytest.fixture
def address(authority: LocalTsa) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reply = authority.reply(self.rfile.read(int(self.headers["Content-Length"])))
            asked_rightly = self.headers["Content-Type"] == "application/timestamp-query"
            self.send_response(200 if asked_rightly else 415)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name of the base class
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/tsa"
    server.shutdown()
    thread.join()
    server.server_close()


def provscan(*arguments: str | Path) -> Ran:
    done = subprocess.run(command(arguments), capture_output=True, env=environment(), check=False)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_stamp_that_was_asked_for_over_http_verifies_against_its_root(
    authority: LocalTsa, address: str, tmp_path: Path
) -> None:
    package = package_builder.build_package(tmp_path / "package").path
    ran = provscan("timestamp", package, "--tsa", address)
    assert ran.code == 0, ran.err
    assert "proofs/tsa/" in ran.out
    verified = provscan("verify", package, "--tsa-root", authority.root, "--json")
    checks = {check["id"]: check["status"] for check in json.loads(verified.out)["checks"]}
    assert [status for name, status in checks.items() if name.startswith("timestamp.")] == ["passed"]
    assert provscan("timestamp", package, "--tsa", address).code == 0  # a second stamp is another one
    assert len(list((package / "proofs" / "tsa").glob("*.tsr"))) == 2


def test_every_package_of_a_case_is_stamped_and_a_silent_authority_loses_nothing(address: str, tmp_path: Path) -> None:
    package = package_builder.build_package(tmp_path / "package").path
    case = Case(
        portfolio=("p",), datasets=(Dataset(name="d", source="d"),), authorities=(address, "http://127.0.0.1:9/silent")
    )
    told = tell(replace(RESULT, package=package, findings=0), case, unwatched)
    assert len(list((package / "proofs" / "tsa").glob("*.tsr"))) == 1
    assert [failure.partition(":")[0] for failure in told.untold] == ["no time stamp by http"]
    assert "provscan timestamp" in told.untold[0]
