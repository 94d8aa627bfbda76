"""What accuracy is measured on: works, edited copies of them, and rows that have nothing to do with them.

Works are split by a fixed hash of their files.  The half called development is what variants and limits were chosen on; figures
are given for the other half, whose edits have other parameters too.  The development half then plays the strangers: windows of
its pictures fill the dataset, whole ones are the scenes that works hang in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from scanner.artwork import artwork
from scanner.decoding import PORTFOLIO_LIMITS, WORK_FORMATS, PictureError, decode_picture
from scanner.edits import EDITS, Choices, Half
from scanner.hashers import fingerprints

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

WORK_SIDE: Final = 1024  # px: larger works are shrunk first, or the edits take most of the time
_SAME_BITS: Final = 24  # of 256: two files of one picture, in any of the eight orientations
_PAINTED: Final = 48
_REDRAWN: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One work of the bench: its digest decides the half and all free choices."""

    name: str
    digest: str
    image: Image.Image

    @property
    def half(self) -> Half:
        """Development or test, by the first bit of the digest."""
        return "development" if int(self.digest[0], 16) < 8 else "test"

    def choices(self, edit: str, round_: int, strangers: Sequence[Sample]) -> Choices:
        """The free choices of one edit of this work; the scene is one of ``strangers``."""
        seed = int.from_bytes(hashlib.sha256(f"{self.digest}/{edit}/{round_}".encode()).digest()[:8], "big")
        return Choices(seed=seed, backdrop=strangers[seed % len(strangers)].image)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """An edited copy of the work with index ``work``, or a look-alike of it."""

    work: int
    edit: str
    image: Image.Image
    seed: int


def read_samples(folder: Path | None) -> tuple[list[Sample], int]:
    """Pictures below ``folder`` in path order, painted ones where it is None; and how many were set aside as the same picture.

    Files that are no picture are passed over: this is a bench, not a scan.
    """
    samples: list[Sample] = []
    known: list[int] = []
    same = 0
    for name, digest, image in _painted() if folder is None else _found(folder):
        image.thumbnail((WORK_SIDE, WORK_SIDE), Image.Resampling.LANCZOS)
        grey = image.convert("L").resize((64, 64), Image.Resampling.LANCZOS)
        turned = [fingerprints(grey.transpose(turn))[1].value for turn in Image.Transpose]
        own = fingerprints(grey)[1].value
        if any((one ^ other).bit_count() <= _SAME_BITS for one in (own, *turned) for other in known):
            same += 1
            continue
        known.append(own)
        samples.append(Sample(name=name, digest=digest, image=image))
    return samples, same


def edited(works: Sequence[Sample], strangers: Sequence[Sample], half: Half, rounds: int) -> Iterator[Copy]:
    """Every edit of every work, ``rounds`` times with other choices, by work, round and edit."""
    for number, work in enumerate(works):
        for round_ in range(rounds):
            for edit in EDITS[half]:
                choices = work.choices(edit.name, round_, strangers)
                image = edit.apply(work.image, choices)
                yield Copy(work=number, edit=edit.name, image=image, seed=choices.seed)


def redrawn(works: Sequence[Sample], strangers: Sequence[Sample]) -> Iterator[Copy]:
    """Look-alikes: the light and shade of a work, which its fingerprints see, with the detail of another picture."""
    for number, work in enumerate(works):
        for round_ in range(_REDRAWN):
            choices = work.choices("redrawn", round_, strangers)
            other = ImageOps.fit(choices.backdrop, work.image.size)
            soft = ImageFilter.GaussianBlur(max(work.image.size) / choices.of("softness", 24, 40))
            detail = np.asarray(other, np.float32) - np.asarray(other.filter(soft), np.float32)
            pixels = np.clip(np.asarray(work.image.filter(soft), np.float32) + detail, 0, 255).astype(np.uint8)
            yield Copy(work=number, edit="redrawn", image=Image.fromarray(pixels), seed=choices.seed)


def windows(strangers: Sequence[Sample], count: int) -> Iterator[Image.Image]:
    """``count`` windows of other pictures, of 8 to 100 % of their area, any place and proportion, a third of them mirrored."""
    for number in range(count):
        stranger = strangers[number % len(strangers)]
        choices = stranger.choices("window", number, strangers)
        image = stranger.image
        width = max(16, round(image.width * choices.of("width", 0.28, 1.0)))
        height = max(16, round(image.height * choices.of("height", 0.28, 1.0)))
        left = round(choices.part("left") * max(0, image.width - width))
        top = round(choices.part("top") * max(0, image.height - height))
        window = image.crop((left, top, left + width, top + height))
        yield window.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if choices.part("mirror") < 1 / 3 else window


def _found(folder: Path) -> Iterator[tuple[str, str, Image.Image]]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        try:
            picture = decode_picture(content, formats=WORK_FORMATS, limits=PORTFOLIO_LIMITS)
        except PictureError:
            continue
        yield path.relative_to(folder).as_posix(), hashlib.sha256(content).hexdigest(), picture.image


def _painted() -> Iterator[tuple[str, str, Image.Image]]:
    for seed in range(_PAINTED):
        image = artwork(seed)
        yield f"painted-{seed}", hashlib.sha256(image.tobytes()).hexdigest(), image
