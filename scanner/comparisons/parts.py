"""Parts of works in pictures at hand: half of a Work, a Work within a larger scene.

`scanner.parts` suggests; what counts is what counts for whole pictures: the region's fingerprint within the search radius of the
Work's, both in the form the suggestion names, and the second check.  Only what passes both is told of.

**Its chance figure** is that of the Work at this distance, as for a whole row.  A row is compared with all variants of the Work,
some hundred; its region with one or two looks that features chose, not nearness.  So a region adds no more chance than the
variants that are counted already, and the second check, which decides here, is not counted at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanner.outcomes import Checked
from scanner.parts import Part, PartIndex, part_fingerprints
from scanner.second_check import METHOD, second_check
from scanner.work_pictures import surely_read

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from PIL import Image

    from scanner.config import ScanConfig
    from scanner.queries import Queries
    from scanner.works import Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFound:
    """A confirmed part: ``own`` and ``seen`` are the fingerprints of the Work as its variant and of the picture's region."""

    part: Part
    own: Fingerprint
    seen: Fingerprint
    checked: Checked


class PartComparison:
    """Looks for parts of all works; ``file_of_work(index, number)`` gives pixels for the second check."""

    def __init__(
        self, queries: Queries, config: ScanConfig, file_of_work: Callable[[int, int], Image.Image | None]
    ) -> None:
        """Compile the points of the works; without any, or with ``config.parts`` off, nothing is ever found."""
        self._queries = queries
        self._config = config
        self._file_of_work = file_of_work
        self._index = PartIndex(queries.points) if config.parts else PartIndex(())

    def found(self, picture: Image.Image, known: Container[int] = ()) -> Iterator[PartFound]:
        """The confirmed parts in a picture (normal form), by Work, one for each; ``known`` are found in it whole."""
        best: dict[int, PartFound] = {}
        for part in self._index.parts(picture):
            one = None if part.work in known else self._confirmed(picture, part)
            if one is not None and (
                part.work not in best or float(one.checked.value) > float(best[part.work].checked.value)
            ):
                best[part.work] = one
        yield from (best[work] for work in sorted(best))

    def _confirmed(self, picture: Image.Image, part: Part) -> PartFound | None:
        small = self._file_of_work(part.work, 0)
        if small is None:
            return None
        check = second_check(small, picture.crop(part.region), part.variant)
        if not check.passed:
            return None
        whole = surely_read(self._queries, self._config, part.work, 0)
        if whole is None:
            return None
        own, seen = part_fingerprints(whole, picture, part)
        if own.distance(seen) > self._config.radius256:
            return None
        checked = Checked(method=METHOD, value=str(check.value), threshold=str(check.threshold), passed=True)
        return PartFound(part=part, own=own, seen=seen, checked=checked)
