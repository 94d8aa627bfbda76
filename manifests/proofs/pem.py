"""PEM (RFC 7468): the base64 wrapping of keys and certificates."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

_BLOCK: Final = re.compile(
    rb"-----BEGIN ([A-Z0-9 ]{1,40})-----[ \t]*\r?\n([A-Za-z0-9+/=\s]*?)-----END \1-----", re.DOTALL
)


def unwrapped(text: bytes, label: str) -> list[bytes]:
    """Return the contents of all blocks of that label, in order; text around them is ignored, as the RFC asks.

    Raises:
        ValueError: a block whose inside is not base64.
    """
    try:
        return [
            base64.b64decode(b"".join(found[2].split()), validate=True)
            for found in _BLOCK.finditer(text)
            if found[1].decode() == label
        ]
    except binascii.Error as error:
        raise ValueError(f"a {label} block that is not base64") from error


def wrapped(content: bytes, label: str) -> bytes:
    """Return one block, lines of 64 characters ended by LF."""
    digits = base64.b64encode(content)
    lines = [digits[at : at + 64] for at in range(0, len(digits), 64)]
    return b"\n".join((f"-----BEGIN {label}-----".encode(), *lines, f"-----END {label}-----".encode(), b""))
