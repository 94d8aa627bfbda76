"""What is asked of every row: the portfolio and the identity, compiled once, sent to every worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from scanner.chance import decoy_fingerprints
from scanner.datasets import Role
from scanner.hashers import packed
from scanner.parts import trimmed_points
from scanner.placeholders import known_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scanner.metadata import Identifiers
    from scanner.works import Portfolio, Rendition, VariantFingerprint, Work, WorkPoints

# SHA-256 and MD5 of nothing: every failed download has them.
EMPTY_DIGESTS = frozenset(
    ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "d41d8cd98f00b204e9800998ecf8427e")
)
DigestName = Literal["sha256", "md5"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestQuery:
    """A file of the portfolio as a digest: the Work's own or a rendition's."""

    work: int
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FingerprintQueries:
    """All variants of all works under one algorithm.

    ``words``: uint64[q, bits / 64]; ``work``: int32[q] index of the Work; ``variant``: q names.  ``decoys`` and ``decoy_work``
    are the negative control: fingerprints of no picture, asked in the same way.
    """

    algorithm: str
    bits: int
    words: npt.NDArray[np.uint64]
    work: npt.NDArray[np.int32]
    variant: tuple[str, ...]
    decoys: npt.NDArray[np.uint64]
    decoy_work: npt.NDArray[np.int32]
    decoy_works: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Everything that rows are compared with.  ``digest`` names it: equal means equal questions.

    ``paths`` are, for each Work, where its own file and its renditions lie on this machine; ``path_sha256`` the digests that these
    files had when they were read; ``points``, by which its parts are recognised.
    """

    works: int
    paths: tuple[tuple[str | None, ...], ...]
    path_sha256: tuple[tuple[str, ...], ...]
    sha256: dict[str, tuple[DigestQuery, ...]]
    md5: dict[str, tuple[DigestQuery, ...]]
    fingerprints: dict[str, FingerprintQueries]
    identifiers: Identifiers | None
    digest: str
    points: tuple[WorkPoints | None, ...] = ()

    @property
    def wanted(self) -> frozenset[Role]:
        """The roles whose columns have to be read to compare; what concerns nobody here is not decoded."""
        roles = {Role.SHA256, Role.MD5, Role.PHASH64, Role.PHASH256, Role.IMAGE} if self.works else set()
        if self.identifiers is not None:
            roles |= identity_roles(self.identifiers)
        return frozenset(roles)


def compile_queries(
    portfolio: Portfolio, identifiers: Identifiers | None, *, control_works: int, digest: str
) -> Queries:
    """Compile a portfolio (and what its owner declares) into queries; pure, deterministic."""
    return Queries(
        works=len(portfolio.works),
        paths=tuple((work.path, *(each.path for each in work.renditions)) for work in portfolio.works),
        path_sha256=tuple((work.sha256, *(each.sha256 for each in work.renditions)) for work in portfolio.works),
        sha256=_digests(portfolio, "sha256"),
        md5=_digests(portfolio, "md5"),
        fingerprints={
            algorithm: _fingerprints(portfolio, algorithm, bits, control_works)
            for algorithm, bits in (("phash64", 64), ("phash256", 256))
        },
        identifiers=identifiers,
        digest=digest,
        points=trimmed_points([work.points for work in portfolio.works]),
    )


def identity_roles(identifiers: Identifiers) -> set[Role]:
    """The columns in which something that was declared can be found."""
    roles = set()
    if any((identifiers.verbatim, identifiers.urls, identifiers.assets, identifiers.domains, identifiers.profiles)):
        roles.add(Role.URL)
    if identifiers.terms.terms:
        roles |= {Role.CAPTION, Role.MACHINE_CAPTION}
    return roles


def _digests(portfolio: Portfolio, algorithm: DigestName) -> dict[str, tuple[DigestQuery, ...]]:
    found: dict[str, tuple[DigestQuery, ...]] = {}
    placeholders = {
        getattr(known, algorithm) for known in known_placeholders()
    }  # many rows have these, none for the Work
    for index, work in enumerate(portfolio.works):
        own: tuple[Work | Rendition, ...] = (work, *work.renditions)
        for source in own:
            value = source.sha256 if algorithm == "sha256" else source.md5
            if value not in EMPTY_DIGESTS and value not in placeholders:
                found[value] = (*found.get(value, ()), DigestQuery(work=index, file=source.file))
    return found


def _fingerprints(portfolio: Portfolio, algorithm: str, bits: int, control_works: int) -> FingerprintQueries:
    known = [
        (index, entry)
        for index, work in enumerate(portfolio.works)
        for entry in work.looks()
        if entry.fingerprint.algorithm == algorithm
    ]
    words = _packed((entry for _, entry in known), bits)
    owner = np.asarray([index for index, _ in known], dtype=np.int32)
    in_control = owner < control_works
    return FingerprintQueries(
        algorithm=algorithm,
        bits=bits,
        words=words,
        work=owner,
        variant=tuple(entry.variant for _, entry in known),
        decoys=decoy_fingerprints(words[in_control]),
        decoy_work=owner[in_control],
        decoy_works=min(control_works, len(portfolio.works)),
    )


def _packed(known: Iterable[VariantFingerprint], bits: int) -> npt.NDArray[np.uint64]:
    prints = [entry.fingerprint for entry in known]
    if not prints:
        return np.empty((0, bits // 64), np.uint64)
    return packed(prints).reshape(len(prints), bits // 64)
