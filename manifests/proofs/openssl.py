"""The ``openssl`` program: the reference verdict, called as a program, never trusted blindly.

It is looked up on the path by absolute folders only: a package is hostile, and Windows would otherwise start an
``openssl.exe`` that lies in the current folder.  LibreSSL and OpenSSL before 3.0 are reported as unusable with the
reason: the first lacks ``ts -attime``, the second ``pkeyutl -rawin`` for Ed25519.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT_S: Final = 60
# What could point the program at somebody else's configuration, engine or trust store.
_FOREIGN: Final = ("OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Verdict(NamedTuple):
    """What one verifier says about one proof; ``message`` is its own text, on one line, at most 300 characters."""

    accepted: bool
    message: str


class Answer(NamedTuple):
    """How a run of the program ended."""

    code: int
    output: bytes
    messages: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSsl:
    """A usable program and the version it states (``3.0.19``)."""

    program: Path
    version: str

    def run(self, arguments: Sequence[str], files: Mapping[str, bytes], *, stdin: bytes = b"") -> Answer:
        """Run it in an empty folder of its own that holds exactly ``files``; arguments name these without a folder.

        So nothing of the package is opened by the program, and hostile names never reach its command line.
        """
        with tempfile.TemporaryDirectory(prefix="proofs-") as folder:
            for name, content in files.items():
                (Path(folder) / name).write_bytes(content)
            return _run(self.program, arguments, folder, stdin)

    def verdict(self, arguments: Sequence[str], files: Mapping[str, bytes]) -> Verdict:
        """Run a verification: accepted when the program ends with 0."""
        answer = self.run(arguments, files)
        return Verdict(answer.code == 0, f"OpenSSL {self.version}: {_reason(answer)}")


def find_openssl(*, apart_from: Path | None = None) -> OpenSsl | str:
    """Return the first usable program on the path, or the sentence why there is none.

    ``apart_from`` is a folder (the package) out of which nothing is ever started.
    """
    found = "no openssl program on the path"
    for folder in os.get_exec_path():
        program = Path(folder) / ("openssl.exe" if os.name == "nt" else "openssl")
        if not program.is_absolute() or not program.is_file() or not os.access(program, os.X_OK):
            continue
        if apart_from is not None and program.resolve().is_relative_to(apart_from.resolve()):
            continue
        try:
            banner = _run(program, ["version"], tempfile.gettempdir(), b"").output.decode("ascii", "replace").strip()
        except OSError as error:
            found = f"{program.name} on the path does not start ({error.strerror})"
            continue
        version = re.match(r"OpenSSL (\d+)(\.\d+\.\d+\S*)", banner)
        if version and int(version[1]) >= 3:
            return OpenSsl(program=program, version=version[1] + version[2])
        found = f"the openssl program on the path is {banner[:60]!r}; OpenSSL 3.0 or later is needed"
    return found


def _run(program: Path, arguments: Sequence[str], folder: str, stdin: bytes) -> Answer:
    environment = {name: value for name, value in os.environ.items() if name.upper() not in _FOREIGN} | {"LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 (an absolute program, arguments of our own making, no shell)
            [str(program), *arguments],
            cwd=folder,
            env=environment,
            input=stdin,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(-1, b"", f"no answer within {TIMEOUT_S} s")
    return Answer(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))


def _reason(answer: Answer) -> str:
    """The program's own words on one line: its error queue's texts, without addresses and source lines."""
    text = answer.messages + "\n" + answer.output.decode("utf-8", "replace")
    reasons = [line.split(":")[5] if line.count(":") >= 7 else line for line in text.splitlines() if line.strip()]
    kept = [line.strip() for line in reasons if not line.startswith(("Using configuration", "Warning"))]
    details = [line.rsplit("Verify error:", 1)[1] for line in text.splitlines() if "Verify error:" in line]
    return " / ".join(dict.fromkeys(kept + details))[:260] or f"exit code {answer.code}"
