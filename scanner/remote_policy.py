"""How datasets at remote addresses are reached: a value, and its table of the configuration."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from scanner.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePolicy:
    """The settings of remote datasets; tokens and keys are no settings, they are read where they are used.

    Attributes:
        hub_url: where ``hf://`` leads: Hugging Face, or a mirror that speaks its protocol.
        s3_endpoint: where ``s3://`` leads, as ``https://HOST``; empty: Amazon's own.
        s3_region: of the bucket; empty: asked of Amazon.
        cloud_credentials: ``s3://`` and ``gs://`` use the keys of this computer instead of asking as nobody in particular.
    """

    hub_url: str = "https://huggingface.co"
    s3_endpoint: str = ""
    s3_region: str = ""
    cloud_credentials: bool = False

    def record(self) -> dict[str, Any]:
        """The policy as canonical JSON takes it."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a process needs to reach a remote file: the policy, ``networks`` that the address guard lets through, our ``contact``."""

    policy: RemotePolicy = RemotePolicy()
    networks: tuple[str, ...] = ()
    contact: str = ""


def parse_remote_policy(table: Mapping[str, object], *, where: str) -> RemotePolicy:
    """The policy of a ``[remote]`` table; what it leaves out has its default.

    Raises:
        ConfigError: an unknown key (with the nearest known one) or a wrong type.
    """
    known = RemotePolicy().record()
    for key, value in table.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise ConfigError(f"{where}: unknown key remote.{key}", hint=f"Did you mean {near[0]}?" if near else "")
        if type(value) is not type(known[key]):
            expected = "true or false" if isinstance(known[key], bool) else "a text in quotation marks"
            raise ConfigError(f"{where}: remote.{key} must be {expected}")
        if key in {"hub_url", "s3_endpoint"} and value and not str(value).startswith(("https://", "http://")):
            raise ConfigError(f"{where}: remote.{key} must begin with https://")
    values = {key: value.rstrip("/") if isinstance(value, str) else value for key, value in table.items()}
    return RemotePolicy(**values)  # type: ignore[arg-type]  # checked above against the defaults' types
