"""Telling others of a run: time stamp authorities, a command, a web address.  A notice that fails never loses the result.

The command is run without a shell, with the JSON of the result on its standard input; the address is sent the same.  Both hear of
runs with new findings only.  Authorities are sent the digest of the seal of every package, and nothing else.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from manifests.errors import ManifestError
from manifests.proofs.stamping import timestamp
from scanner.errors import NetworkError, ScannerError
from scanner.events import Noticed
from scanner.fetch.addresses import parse_networks
from scanner.fetch.blocking import BlockingClient, post
from scanner.fetch.client import Asking, field_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.cases import Case
    from scanner.events import Watcher
    from scanner.runner.case_results import RescanResult

COMMAND_S: Final = 300.0  # long enough for a mail server that is slow, short enough for a schedule


def tell(result: RescanResult, case: Case, watch: Watcher) -> RescanResult:
    """Tell everybody who is to hear of ``result``; gives it with the notices that could not be given."""
    untold = tuple(_untold(result, case))
    for failure in untold:
        watch(Noticed(text=failure))
    return replace(result, untold=untold)


def send_stamp_request(url: str, request: bytes) -> bytes:
    """Post a request as RFC 3161 section 3.4 says.

    Raises:
        NetworkError: no answer, or one that is no time stamp response.
    """
    answer = post(url, request, content_type="application/timestamp-query")
    kind = (field_of(answer, "content-type") or "").partition(";")[0].strip().lower()
    if answer.status != 200 or kind != "application/timestamp-reply":
        raise NetworkError(
            f"{url} answered with status {answer.status} and type {kind or 'none'}, not with a time stamp"
        )
    return answer.body


def _untold(result: RescanResult, case: Case) -> Iterator[str]:
    if result.package is not None:
        for url in case.authorities:
            try:
                timestamp(result.package, url, send=send_stamp_request)
            except (ScannerError, ManifestError) as error:
                yield f"no time stamp by {url}: {error.message}. Ask again: provscan timestamp {result.package} --tsa {url}"
    if not result.findings:
        return
    summary = json.dumps(result.record(), ensure_ascii=False).encode()
    if case.on_findings and (failure := _run(case.on_findings, summary)) is not None:
        yield f"on_findings {case.on_findings[0]}: {failure}. The findings are in {result.package}"
    if case.webhook is not None and (failure := _post(case.webhook, summary, case)) is not None:
        yield f"webhook {case.webhook}: {failure}. The findings are in {result.package}"


def _run(command: tuple[str, ...], summary: bytes) -> str | None:
    """Run a command; gives what went wrong."""
    try:
        done = subprocess.run(command, input=summary, capture_output=True, timeout=COMMAND_S, check=False)  # noqa: S603 - the user's own command, no shell
    except OSError as error:
        return f"it could not be started ({error.strerror or error})"
    except subprocess.TimeoutExpired:
        return f"it did not end within {COMMAND_S:g} s and was stopped"
    return None if done.returncode == 0 else f"it ended with code {done.returncode}"


def _post(url: str, summary: bytes, case: Case) -> str | None:
    """Post a summary, to public addresses and those that the case allows; gives what went wrong."""
    asking = Asking(method="POST", fields=(("Content-Type", "application/json"),), body=summary)
    try:
        with BlockingClient(allowed=parse_networks(case.config.allow_network)) as client:
            status = client.fetch(url, asking)[-1].status
    except NetworkError as error:
        return error.message
    return None if 200 <= status < 300 else f"it answered with status {status}"
