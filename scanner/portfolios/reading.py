"""Sources to a Portfolio: list the files, measure them, gather equal ones into Works."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from scanner.config import ScanConfig
from scanner.decoding import PORTFOLIO_LIMITS, DecodeLimits
from scanner.errors import PortfolioError
from scanner.events import StageAdvanced, StageBegan, StageEnded, unwatched
from scanner.portfolios.listing import ListedFile, Listing, kind_of_source, shown_name
from scanner.portfolios.measuring import Measure, Measured, Variants, measure_all, stamp_of
from scanner.portfolios.works_csv import read_works_csv
from scanner.variants import variant_fingerprints
from scanner.works import Declared, Excluded, ExcludedReason, Portfolio, Rendition, Work

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scanner.events import Watcher

_NAMED_REASONS = 5


def read_portfolio(
    sources: Sequence[str | Path] | str | Path,
    *,
    config: ScanConfig | None = None,
    variants: Variants | None = None,
    workers: int = 1,
    watcher: Watcher = unwatched,
    before: Before | None = None,
) -> Portfolio:
    """Read folders, picture files and ``works.csv`` lists into one Portfolio.

    Equal files (by SHA-256) are one Work, whatever they are called.  The result does not depend on ``workers`` or on
    the order in which files were measured.  Pictures above 64 megapixels are decoded alone, after all others.

    Args:
        sources: one or several; folders are read with all their subfolders; two folders of one name are ``name`` and ``name-2``.
        config: its ``variants`` and ``portfolio_max_pixels`` count; the defaults when left out.
        variants: the looks each Work is fingerprinted in, instead of those of ``config``; importable by name, because
            it is sent to worker processes.
        workers: decoding processes; 0 decodes in this process.
        watcher: is told of the progress.
        before: what was measured in an earlier run, so that unchanged pictures are not decoded again.

    Raises:
        PortfolioError: a source that is not there, a faulty ``works.csv`` (with the line), or no picture at all.
    """
    sources = [sources] if isinstance(sources, str | Path) else sources  # a str is itself a sequence of str
    config = config or ScanConfig()
    looks = variants or functools.partial(variant_fingerprints, which=config.variants)
    limits = DecodeLimits(
        max_pixels=config.portfolio_max_pixels,
        max_side=PORTFOLIO_LIMITS.max_side,
        max_bytes=PORTFOLIO_LIMITS.max_bytes,
    )
    listing = _listed(sources)
    by_path = {listed.path: listed for listed in listing.pictures}
    watcher(StageBegan(title="Reading your pictures", total=len(by_path), unit="files"))
    measure = Measure(limits=limits, variants=looks, points=config.parts)
    measured: dict[str, Measured] = {}
    for path, result in _measured(sorted(by_path), measure, workers, before):
        measured[path] = result
        watcher(StageAdvanced(done=len(measured), doing=by_path[path].file))
    watcher(StageEnded())
    portfolio = _gathered(listing, measured)
    if not portfolio.works:
        raise _nothing_found(sources, portfolio)
    return portfolio


class Before(Protocol):
    """What is known of pictures from an earlier run."""

    def known(self, path: str) -> Measured | None:
        """What an unchanged picture gave; None where it has to be measured."""
        ...

    def keep(self, path: str, stamp: str | None, measured: Measured) -> None:
        """Keep what a picture gave that had this stamp before it was read."""
        ...


def _measured(
    paths: Sequence[str], measure: Measure, workers: int, before: Before | None
) -> Iterator[tuple[str, Measured]]:
    if before is None:
        yield from measure_all(paths, measure, workers)
        return
    known = {path: found for path in paths if (found := before.known(path)) is not None}
    yield from known.items()
    stamps = {path: stamp_of(path) for path in paths if path not in known}
    for path, result in measure_all(list(stamps), measure, workers) if stamps else ():
        if stamp_of(path) == stamps[path]:  # not written to meanwhile
            before.keep(path, stamps[path], result)
        yield path, result


def _listed(sources: Sequence[str | Path]) -> Listing:
    listing = Listing()
    if not all(
        str(source) for source in sources
    ):  # an unset variable of a script; Path would take it for the current folder
        raise PortfolioError("the portfolio is an empty name", hint="Give a folder of pictures; . is the current one.")
    given = [(kind_of_source(Path(source)), Path(source)) for source in sources]
    # What works.csv declares belongs to the file, also when the file's folder is given as well: lists go first.
    for kind, source in sorted(given, key=lambda one: one[0] != "csv"):
        if kind == "csv":
            _add_list(listing, source)
        elif kind == "folder":
            listing.add_folder(source)
        else:
            listing.add_file(source)
    return listing


def _add_list(listing: Listing, path: Path) -> None:
    listed = {one.file: one for one in read_works_csv(path)}
    names = {file: listing.unused(file) for file in listed}
    for file, one in listed.items():
        if not listing.first_visit_of_file(one.path):
            continue
        renamed = replace(one, file=names[file])
        if one.rendition_of:
            # What is declared about the work holds for its rendition, which stands for it where it cannot be read.
            said = one.declared if one.declared != Declared() else listed[one.rendition_of].declared
            renamed = replace(renamed, rendition_of=names[one.rendition_of], declared=said)
        listing.add(renamed, named=True)


def _gathered(listing: Listing, measured: Mapping[str, Measured]) -> Portfolio:
    excluded = list(listing.excluded)
    by_digest: dict[str, list[ListedFile]] = {}
    for listed in sorted(listing.pictures, key=lambda one: _in_order(one.file)):
        result = measured[listed.path]
        if result.facts is None or result.sha256 is None:
            excluded.append(_excluded(listed, result))
        else:
            by_digest.setdefault(result.sha256, []).append(listed)
    originals = {one.file for equal in by_digest.values() for one in equal}
    renditions: dict[str, list[ListedFile]] = {}
    own: list[list[ListedFile]] = []
    for equal in by_digest.values():
        # A rendition whose work could not be read (a PSD, say) stands for it; one equal to a work is that work.
        parents = [one.rendition_of for one in equal]
        if all(parent in originals for parent in parents) and parents[0] is not None:
            renditions.setdefault(parents[0], []).append(equal[0])
        else:
            own.append(equal)
    works = [_work(equal, measured, renditions) for equal in own]
    return Portfolio(
        works=tuple(sorted(works, key=lambda work: _in_order(work.file))),
        excluded=tuple(sorted(excluded, key=lambda one: _in_order(one.file))),
        other_files=listing.other_files,
    )


def _work(
    equal: Sequence[ListedFile], measured: Mapping[str, Measured], renditions: Mapping[str, Iterable[ListedFile]]
) -> Work:
    first = equal[0]
    result = measured[first.path]
    assert result.facts is not None
    assert result.sha256 is not None
    assert result.md5 is not None
    assert result.bytes is not None
    shown = [rendition for one in equal for rendition in renditions.get(one.file, ())]
    return Work(
        file=first.file,
        files=tuple(one.file for one in equal),
        sha256=result.sha256,
        md5=result.md5,
        bytes=result.bytes,
        format=result.facts.format,
        width=result.facts.width,
        height=result.facts.height,
        detail=result.facts.detail,
        fingerprints=result.facts.fingerprints,
        renditions=tuple(_rendition(one, measured[one.path]) for one in shown),
        declared=next((one.declared for one in equal if one.declared != Declared()), Declared()),
        path=first.path,
        points=result.facts.points,
    )


def _rendition(listed: ListedFile, result: Measured) -> Rendition:
    assert result.facts is not None
    assert result.sha256 is not None
    assert result.md5 is not None
    return Rendition(
        file=listed.file,
        sha256=result.sha256,
        md5=result.md5,
        fingerprints=result.facts.fingerprints,
        path=listed.path,
    )


def _excluded(listed: ListedFile, result: Measured) -> Excluded:
    return Excluded(
        file=listed.file,
        reason=result.reason or ExcludedReason.UNDECODABLE,
        detail=result.note,
        sha256=result.sha256,
        md5=result.md5,
        bytes=result.bytes,
    )


def _in_order(file: str) -> bytes:
    return file.encode("utf-8", "surrogatepass")


def _nothing_found(sources: Sequence[str | Path], portfolio: Portfolio) -> PortfolioError:
    given = ", ".join(shown_name(Path(source).name or str(source)) for source in sources) or "nothing"
    why = [f"{one.file}: {one.reason} {one.detail}".rstrip() for one in portfolio.excluded[:_NAMED_REASONS]]
    return PortfolioError(
        f"no picture could be read in {given}" + (f" ({'; '.join(why)})" if why else ""),
        hint="Give a folder with JPEG, PNG, WebP, GIF, AVIF, TIFF or BMP pictures.",
    )
