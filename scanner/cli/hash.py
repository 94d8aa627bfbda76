"""``provscan hash``: fingerprints and digests of pictures, one JSON line each."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import click


@click.command("hash")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(files: tuple[Path, ...]) -> None:
    """Print sha256, md5 and the perceptual hashes of pictures, one JSON object a line.

    A file that is no picture gives a line with its reason, and exit code 3.
    """
    lines = [hash_line(path) for path in files]
    for line in lines:
        click.echo(json.dumps(line, ensure_ascii=False))
    if any(line["error"] for line in lines):
        raise click.exceptions.Exit(3)


def hash_line(path: Path) -> dict[str, object]:
    """What is known of one file.

    Raises:
        UsageError: it is not there or cannot be read.
    """
    from scanner.decoding import PORTFOLIO_LIMITS, WORK_FORMATS, PictureError, decode_picture
    from scanner.errors import UsageError
    from scanner.hashers import detail, fingerprints, grey_pixels

    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", hint="Give files of pictures.") from error
    line: dict[str, object] = {
        "file": str(path),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "error": None,
    }
    try:
        picture = decode_picture(content, formats=WORK_FORMATS, limits=PORTFOLIO_LIMITS)
    except PictureError as error:
        return line | {"error": f"{error.fault}: {error.detail}" if error.detail else str(error.fault)}
    line |= {"format": picture.format, "width": picture.width, "height": picture.height}
    line |= {known.algorithm: known.hex for known in fingerprints(picture.image)}
    return line | {"detail": str(detail(grey_pixels(picture.image, "phash64")))}
