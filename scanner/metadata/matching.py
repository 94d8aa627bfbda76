"""One batch against all identifiers: the plain definition, and the way that looks at few rows only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.datasets import Role
from scanner.metadata.columns import text_column
from scanner.metadata.compiled import Identifiers, file_name
from scanner.metadata.values import Declaration, MetadataHit
from scanner.urls import URL_RULES, AssetKey, BadUrl, CanonicalUrl, asset_key, canonicalize_url
from scanner.urls.hosts import parent_domains
from scanner.urls.profiles import is_host_of_one, profile_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from scanner.captions import TermFound


def match_batch(
    urls: pa.Array | None, captions: pa.Array | None, machine_captions: pa.Array | None, identifiers: Identifiers
) -> list[MetadataHit]:
    """All rules that hold in a batch, sorted by row, rule, Work.

    Args:
        urls: the rows' URL cells, any Arrow text or binary type, or None where the layout has no such column.
        captions: human captions likewise.
        machine_captions: machine-made captions likewise; of a list per row every text is looked through.
        identifiers: what is looked for.

    The result does not depend on how rows are cut into batches, but for ``index``.  A cell that is no UTF-8 is read with U+FFFD.
    """
    return _matched((urls, captions, machine_captions), identifiers)


def match_batch_reference(
    urls: pa.Array | None, captions: pa.Array | None, machine_captions: pa.Array | None, identifiers: Identifiers
) -> list[MetadataHit]:
    """The same, slow and obvious: every cell is read and every term searched for, without filter or index."""
    hits: list[MetadataHit] = []
    column = text_column(urls)
    if column is not None:
        hits += [hit for row, cell in column.texts() for hit in match_url(row, cell, identifiers)]
    for texts, role in ((captions, Role.CAPTION), (machine_captions, Role.MACHINE_CAPTION)):
        column = text_column(texts)
        if column is not None:
            for row, cell in column.texts():
                hits += _caption_hits(row, cell, role, identifiers.terms.found_in_reference(cell))
    return _in_order(hits)


def _matched(columns: tuple[pa.Array | None, ...], identifiers: Identifiers) -> list[MetadataHit]:
    urls, captions, machine_captions = map(text_column, columns)
    accelerator = identifiers.accelerator
    if accelerator.pays(max((len(one) for one in (urls, captions, machine_captions) if one is not None), default=0)):
        accelerator.load(identifiers)
    hits: list[MetadataHit] = []
    if urls is not None and Role.URL in identifiers.roles:
        cells = accelerator.url_cells(urls, identifiers)
        hits += [hit for row, cell in urls.texts(cells) for hit in match_url(row, cell, identifiers)]
    if identifiers.terms.terms:
        for column, role in ((captions, Role.CAPTION), (machine_captions, Role.MACHINE_CAPTION)):
            if column is not None:
                for row, cell in column.texts(accelerator.caption_cells(column)):
                    hits += _caption_hits(row, cell, role, identifiers.terms.found_in(cell))
    return _in_order(hits)


def _in_order(hits: list[MetadataHit]) -> list[MetadataHit]:
    return sorted(hits, key=lambda hit: (*hit.sort_key, hit.row_value))


def match_url(index: int, cell: str, identifiers: Identifiers) -> Iterator[MetadataHit]:
    """The hits of one URL cell, in no particular order."""
    url = canonicalize_url(cell)
    if isinstance(url, BadUrl):
        yield from _url_hits(index, cell, cell, identifiers.verbatim.get(cell, ()))
        return
    yield from _url_hits(index, cell, url.text, identifiers.urls.get(url.compare, ()))
    key = asset_key(url)
    if key is not None:
        yield from _asset_hits(index, cell, key, identifiers.assets.get(key.identity, ()))
    yield from _host_hits(index, cell, url, identifiers)
    stem = file_name(url) if identifiers.file_names else None
    if stem is not None:
        same = identifiers.assets.get(key.identity, ()) if key is not None else ()
        for declaration in identifiers.file_names.get(stem, ()):
            if declaration not in same:
                yield _file_name_hit(index, cell, stem, declaration)


def _url_hits(index: int, cell: str, value: str, declared: Iterable[Declaration]) -> Iterator[MetadataHit]:
    declared = tuple(declared)
    for declaration in declared:
        yield MetadataHit(
            index=index,
            kind="url_equal",
            metric=URL_RULES,
            value=value,
            work=declaration.work,
            column=Role.URL,
            work_value=declaration.url,
            row_value=cell,
            detail=("verbatim",) if declaration.url == cell else ("canonical",),
            caveats=_declared_caveats(declared),
        )


def _asset_hits(index: int, cell: str, key: AssetKey, declared: tuple[Declaration, ...]) -> Iterator[MetadataHit]:
    for declaration in declared:
        own = asset_key(declaration.url)
        mockup = key.mockup or (own is not None and own.mockup)
        yield MetadataHit(
            index=index,
            kind="asset_equal",
            metric=URL_RULES,
            value=key.text,
            work=declaration.work,
            column=Role.URL,
            work_value=declaration.url,
            row_value=cell,
            detail=_asset_detail(key, own),
            strength="candidate" if mockup or key.strength == "slug" else "finding",
            caveats=_declared_caveats(declared),
        )


def _declared_caveats(declared: tuple[Declaration, ...]) -> frozenset[str]:
    several = len({one.work for one in declared if one.work is not None}) > 1
    return frozenset({"url_declared", "several_works"} if several else {"url_declared"})


def _asset_detail(key: AssetKey, own: AssetKey | None) -> tuple[str, ...]:
    """What the rule says about the row's rendition, and how it compares with the declared one."""
    words = [f"rule={key.rule}", f"strength={key.strength}"]
    if key.crop != "no":
        words.append(f"crop={key.crop}")
    if key.mockup:
        words.append("mockup")
    if key.declared_w is not None and key.declared_h is not None:
        words.append(f"size={key.declared_w}x{key.declared_h}")
    if own is not None and _other_shape(key, own):
        words.append("other_shape")
    if key.revision is not None:
        words.append(f"revision={key.revision}")
    words += [f"wrapped_in={host}" for host in key.wrapped_in[:1]]
    return tuple(sorted(words))


def _other_shape(one: AssetKey, other: AssetKey) -> bool:
    """Whether two declared sizes differ by more than 2 % in aspect: another crop, or another picture."""
    if one.declared_w is None or one.declared_h is None or other.declared_w is None or other.declared_h is None:
        return False
    first, second = one.declared_w * other.declared_h, other.declared_w * one.declared_h
    return 50 * abs(first - second) > max(first, second)


def _host_hits(index: int, cell: str, url: CanonicalUrl, identifiers: Identifiers) -> Iterator[MetadataHit]:
    def hit(value: str, declared: str, detail: tuple[str, ...], caveats: frozenset[str]) -> MetadataHit:
        return MetadataHit(
            index=index,
            kind="host_equal",
            metric=URL_RULES,
            value=value,
            work=None,
            column=Role.URL,
            work_value=declared,
            row_value=cell,
            detail=detail,
            caveats=caveats,
        )

    for host in parent_domains(url.host):
        domain = identifiers.domains.get(host)
        if domain is not None:
            yield hit(host, domain.domain, ("domain",), frozenset())
            break
    if identifiers.profiles:
        for key in (*profile_keys(url), *_site_keys(url)):
            profile = identifiers.profiles.get(key)
            if profile is not None:
                caveats = frozenset[str]() if is_host_of_one(url) else frozenset({"host_shared"})
                yield hit(profile.url, profile.url, ("profile", f"platform={key[0]}"), caveats)


def _site_keys(url: CanonicalUrl) -> Iterator[tuple[str, str]]:
    prefix = url.compare_host
    for segment in url.path.split("/")[:8]:
        prefix += segment + "/"
        yield ("site", prefix)


def _file_name_hit(index: int, cell: str, stem: str, declaration: Declaration) -> MetadataHit:
    return MetadataHit(
        index=index,
        kind="file_name_equal",
        metric=URL_RULES,
        value=stem,
        work=declaration.work,
        column=Role.URL,
        work_value=declaration.url,
        row_value=cell,
        strength="candidate",
        caveats=frozenset({"url_declared"}),
    )


def _caption_hits(index: int, cell: str, column: Role, found: list[TermFound]) -> list[MetadataHit]:
    hits = []
    for one in found:
        caveats = {"name_shared"} if one.term.shared else set()
        if column is Role.MACHINE_CAPTION:
            caveats.add("machine_caption")
        detail = [f"term={one.term.kind}"]
        if one.styled:
            detail.append("style_phrase")
        hits.append(
            MetadataHit(
                index=index,
                kind="caption_contains",
                metric=f"{URL_RULES};folded" if one.folded else URL_RULES,
                value=one.term.value,
                work=one.term.work,
                column=column,
                work_value=one.term.value,
                row_value=cell,
                detail=tuple(sorted(detail)),
                caveats=frozenset(caveats),
            )
        )
    return hits
