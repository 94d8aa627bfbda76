"""What all tests share: the real data beside the checkout, a closed network, a scrubbed environment."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(  # machines are shared: a slow example is no wrong one
    "provscan", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("provscan")

# A shell starts what it puts into the background deaf to Ctrl-C, and all that this starts inherits it: tests of Ctrl-C would wait in vain.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real pictures and rows beside the checkout; a bare checkout passes without them."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no ../shared/data beside this checkout")
    return folder


@pytest.fixture(autouse=True)
def _closed_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any connect beyond loopback fails the test that tried it."""
    genuine, genuine_ex = socket.socket.connect, socket.socket.connect_ex

    def check(channel: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else str(address)
        if channel.family in (socket.AF_INET, socket.AF_INET6) and not str(host).startswith(LOOPBACK):
            pytest.fail(f"a test tried to reach {host}")

    def guarded(self: socket.socket, address: Any) -> None:
        check(self, address)
        return genuine(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        check(self, address)
        return genuine_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)


@pytest.fixture(autouse=True)
def _scrubbed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "HF_HOME", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
