"""What options of several verbs mean, and the words that several verbs print."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.errors import UsageError

if TYPE_CHECKING:
    from scanner.config import ScanConfig
    from scanner.datasets import Dataset
    from scanner.identity import Identity

_NAMED = re.compile(r"([A-Za-z0-9._-]+)=(.+)", re.DOTALL)


def named_dataset(text: str, layout: str | None, columns: str | None) -> Dataset:
    """The dataset of ``[NAME=]DATASET``; without a name its last component is the name.

    Raises:
        UsageError: ``--columns`` that are not ``role=NAME`` pairs.
    """
    from scanner.datasets import Dataset
    from scanner.runner.api import dataset_name

    match = _NAMED.fullmatch(text)
    # "=" may stand in a path that exists: then it is the path
    name, source = (match[1], match[2]) if match and not Path(text).exists() else (None, text)
    return Dataset(name=name or dataset_name(source), source=source, layout=layout, columns=_column_map(columns))


def _column_map(columns: str | None) -> dict[str, str]:
    if not columns:
        return {}
    pairs = [part.partition("=") for part in columns.split(",")]
    for role, equals, column in pairs:
        if not (role.strip() and equals and column):
            raise UsageError(
                f"--columns {columns}: not a list of ROLE=NAME", hint="For example: --columns url=URL,caption=TEXT"
            )
    return {role.strip(): column for role, _, column in pairs}


def read_identity(path: str | None) -> Identity | None:
    """The identity file, with the URL lists it names.

    Raises:
        UsageError: it is not there, or wrong (with file, line and key).
    """
    if path is None:
        return None
    from scanner.identity import parse_identity
    from scanner.runner.user_texts import read_text, with_url_lists

    return with_url_lists(parse_identity(read_text(Path(path)), where=path), Path(path).parent)


def read_config(path: str | None, variants: str | None) -> ScanConfig:
    """The effective settings: defaults, the file, then the options."""
    from scanner.config import ScanConfig, parse_config
    from scanner.runner.user_texts import read_text

    config = ScanConfig() if path is None else parse_config(read_text(Path(path)), where=path)
    return config if variants is None else replace(config, variants="fast" if variants == "fast" else "thorough")


def checked_networks(networks: tuple[str, ...]) -> tuple[str, ...]:
    """Address ranges as they are written in the Manifest.

    Raises:
        UsageError: one is no address range.
    """
    import ipaddress

    try:
        return tuple(str(ipaddress.ip_network(network)) for network in networks)
    except ValueError as error:
        raise UsageError(f"--allow-network: {error}", hint="For example: --allow-network 127.0.0.1/32") from error


def shown_command(arguments: list[str]) -> tuple[str, ...]:
    """The command for the Manifest: paths by their last component, because a path names a user."""
    from scanner.portfolios.listing import shown_name

    return ("provscan", *(shown_argument(shown_name(argument)) for argument in arguments[1:]))


def shown_argument(argument: str) -> str:
    """One word of a command without the folders of this machine.

    >>> [shown_argument(word) for word in ("--dataset=a=/home/ann/laion", "a=b", "/home/ann/my=works/", "--quiet", "..")]
    ['--dataset=a=laion', 'a=b', 'my=works', '--quiet', '..']
    >>> shown_argument("--dataset=a=https://data.example/part.parquet?signature=secret")
    '--dataset=a=https://data.example/part.parquet'
    >>> shown_argument("tls://head-node:8786")
    'tls://SCHEDULER'
    """
    found = re.fullmatch(r"((?:[^/\\]*=)?(?:https?|s3|gs|hf)://[^?]*)(\?.*)?", argument, re.DOTALL)
    if found:  # an address is public; its query may be a credential
        return found[1]
    found = re.fullmatch(r"((?:--cluster=)?(?:tcp|tls)://).*", argument, re.DOTALL)
    if found:  # a cluster's address names a machine
        return f"{found[1]}SCHEDULER"
    if not re.search(r"[/\\]", argument) or re.fullmatch(r"(--allow-network=)?[0-9a-fA-F.:]+/\d+", argument):
        return argument
    names, equals, path = argument.rpartition("=")
    if re.search(r"[/\\]", names):  # the sign stands in the path itself
        names, equals, path = "", "", argument
    return names + equals + (re.split(r"[/\\]", path.rstrip("/\\"))[-1] or ".")


def counted(count: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "work"), counted(1200, "work")
    ('1 work', '1,200 works')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
