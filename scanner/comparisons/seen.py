"""Pictures stored in a shard, decoded and measured: what a comparison compares and what an index keeps.

One picture that cannot be decoded is a counted fault of its row; nothing else is lost.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scanner.datasets import RowFault
from scanner.decoding import ROW_FORMATS, PictureError, PictureFault, decode_picture
from scanner.hashers import Algorithm, fingerprints_many
from scanner.shrinking import Shrinker
from scanner.work_pictures import row_limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from PIL import Image

    from scanner.config import ScanConfig

PICTURES_AT_ONCE = 64  # decoded pictures compared together …
PIXELS_AT_ONCE = 64_000_000  # … and no more pixels than these (a byte each) held in memory


@dataclass(frozen=True, slots=True)
class Decoded:
    """The pixels of a picture in normal form (grey), and the grey squares its fingerprints are computed from."""

    image: Image.Image
    squares: dict[Algorithm, npt.NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A stored picture: its position in the batch, the digest of its bytes, and its pixels or None (undecodable)."""

    index: int
    sha256: str
    decoded: Decoded | None


class PictureEye:
    """Looks at the stored pictures of batches within the limits of a configuration; ``faults`` counts what it cannot see."""

    def __init__(self, config: ScanConfig) -> None:
        """Begin with no faults."""
        self.faults: Counter[str] = Counter()
        self._limits = row_limits(config)
        self._shrinker = Shrinker()

    def looks(self, images: pa.Array) -> Iterator[list[Seen]]:
        """All pictures of a column of bytes in row order, a few at a time (bounded by their pixels)."""
        held: list[Seen] = []
        pixels = 0
        for index in range(len(images)):
            content = images[index].as_buffer()
            if content is None or not content.size:
                continue
            decoded = self._decoded(content)
            held.append(Seen(index, hashlib.sha256(content).hexdigest(), decoded))
            pixels += decoded.image.width * decoded.image.height if decoded is not None else 0
            if len(held) == PICTURES_AT_ONCE or pixels >= PIXELS_AT_ONCE:
                yield held
                held, pixels = [], 0
        if held:
            yield held

    def _decoded(self, content: pa.Buffer) -> Decoded | None:
        try:
            image = decode_picture(content.to_pybytes(), formats=ROW_FORMATS, limits=self._limits, grey=True).image
        except PictureError as error:
            over = error.fault is PictureFault.OVER_LIMIT
            self.faults[RowFault.IMAGE_OVER_LIMIT if over else RowFault.IMAGE_UNDECODABLE] += 1
            return None
        return Decoded(image, self._shrinker.squares(image))


def words_of(pictures: Sequence[Decoded], algorithm: Algorithm) -> npt.NDArray[np.uint64]:
    """Fingerprints of decoded pictures (at least one): uint64[n, bits / 64]."""
    greys = np.stack([picture.squares[algorithm] for picture in pictures])
    return fingerprints_many(greys).reshape(len(pictures), -1)
