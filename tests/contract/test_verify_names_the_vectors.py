"""VERIFY.md sends a reader to the file whose digest the Manifest records; it must be that file."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from scanner.self_test import run_self_test

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_vectors_that_verify_names_have_the_digest_of_the_manifest(lang: str) -> None:
    text = (ROOT / "manifests" / "texts" / f"VERIFY.{lang}.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:scanner|manifests)/[^`]+)`", text)
    assert [name for name in named if not (ROOT / name).exists()] == []
    digests = {hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in named}
    assert run_self_test().vectors_sha256 in digests
