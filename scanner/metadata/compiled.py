"""Identifiers: everything declared, turned once into tables that a row can be looked up in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from scanner.captions import Term, TermIndex, TermKind, compile_term
from scanner.datasets import Role
from scanner.hanzi import spellings
from scanner.identity import Domain, Identity
from scanner.metadata.accelerated import Accelerator
from scanner.metadata.values import Declaration
from scanner.normal_text import script_warnings
from scanner.urls import AssetKey, BadUrl, CanonicalUrl, asset_key, canonicalize_url, platform_of
from scanner.urls.profiles import ProfileKey, has_user_names, profile_keys

if TYPE_CHECKING:
    from scanner.works import Work

K = TypeVar("K")
Declarations = Mapping[str, tuple[Declaration, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A declared profile: the URL as declared and its key."""

    url: str
    key: ProfileKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifiers:
    """Declarations, ready to be looked up.

    Attributes:
        verbatim: declared URLs by their own text.
        bad_urls: declared texts that have no canonical form: looked for as they are.
        urls: declared URLs by compare form.
        assets: declared URLs by asset key (family, scope, key).
        keys: these asset keys, each once.
        domains: declared domains; whether one covers a release is asked when all hits are together.
        profiles: declared profiles by key.
        file_names: declared URLs by distinctive file name stem.
        terms: names, aliases, handles, titles.
        warnings: sentences for the user: what was declared and cannot be looked for, or only with care.
    """

    verbatim: Declarations
    bad_urls: tuple[str, ...]
    urls: Declarations
    assets: Mapping[tuple[str, str, str], tuple[Declaration, ...]]
    keys: tuple[AssetKey, ...]
    domains: Mapping[str, Domain]
    profiles: Mapping[ProfileKey, Profile]
    file_names: Declarations
    terms: TermIndex
    warnings: tuple[str, ...]
    accelerator: Accelerator = field(default_factory=Accelerator, compare=False, repr=False)

    def domains_outside(self, released: str | None) -> frozenset[str]:
        """Declared domains that were not the claimant's when a dataset was released; none for an unknown day."""
        return frozenset(name for name, domain in self.domains.items() if not domain.covers(released))

    @property
    def roles(self) -> frozenset[Role]:
        """The columns that are looked at; a caption column only where there is a name to look for."""
        roles = {Role.URL} if self.verbatim or self.domains or self.profiles else set()
        return frozenset(roles | ({Role.CAPTION, Role.MACHINE_CAPTION} if self.terms.terms else set()))


def compile_identifiers(identity: Identity | None, works: Sequence[Work] = ()) -> Identifiers:
    """Turn declarations into tables.

    Args:
        identity: what the claimant declares, if anything.
        works: in portfolio order; their published URLs and titles are looked for, the index here is a hit's ``work``.
    """
    identity = identity or Identity()
    declared = [Declaration(work=n, url=url) for n, work in enumerate(works) for url in work.declared.published_urls]
    of_works = {one.url for one in declared}
    declared += [Declaration(work=None, url=url) for url in identity.work_urls if url not in of_works]
    canonical = [(one, canonicalize_url(one.url)) for one in declared]
    good = [(one, url) for one, url in canonical if isinstance(url, CanonicalUrl)]
    warnings = [f"{one.url[:200]!r} is not an http or https address ({url.reason}); only equal text is looked for"
                for one, url in canonical if isinstance(url, BadUrl)]  # fmt: skip
    keys = [(one, key) for one, url in good if (key := asset_key(url)) is not None]
    profiles, lost = _profiles(identity)
    terms, unused = _terms(identity, works)
    return Identifiers(
        verbatim=_grouped((one.url, one) for one in declared),
        bad_urls=tuple(dict.fromkeys(one.url for one, url in canonical if isinstance(url, BadUrl))),
        urls=_grouped((url.compare, one) for one, url in good),
        assets=_grouped((key.identity, one) for one, key in keys),
        keys=tuple({key.identity: key for _, key in keys}.values()),
        domains={one.domain: one for one in identity.domains},
        profiles=profiles,
        file_names=_grouped((stem, one) for one, url in good if (stem := file_name(url)) is not None),
        terms=TermIndex(terms),
        warnings=tuple(dict.fromkeys([*warnings, *lost, *unused])),
    )


def _grouped(pairs: Iterable[tuple[K, Declaration]]) -> dict[K, tuple[Declaration, ...]]:
    table: dict[K, list[Declaration]] = {}
    for key, declaration in pairs:
        table.setdefault(key, []).append(declaration)
    return {key: tuple(dict.fromkeys(found)) for key, found in table.items()}


def _profiles(identity: Identity) -> tuple[dict[ProfileKey, Profile], list[str]]:
    table: dict[ProfileKey, Profile] = {}
    warnings: list[str] = []
    for text in identity.profile_urls:
        url = canonicalize_url(text)
        if isinstance(url, BadUrl):
            warnings.append(f"{text[:200]!r} is not an http or https address ({url.reason}); it is not looked for")
            continue
        keys = profile_keys(url)
        if not keys and platform_of(url.host) is not None:
            warnings.append(f"{text[:200]!r}: no user name is recognised in this address; it is not looked for")
            continue
        for key in keys or (("site", f"{url.compare_host}{url.path.rstrip('/')}/"),):
            table.setdefault(key, Profile(url=text, key=key))
            if not has_user_names(key[0]):
                warnings.append(
                    f"{text[:200]!r}: addresses of pictures on {key[0]} carry no user name, so this profile can be found only "
                    "where a row lists the page itself; a list of your picture addresses (work_urls) finds more"
                )
    return table, warnings


def _terms(identity: Identity, works: Sequence[Work]) -> tuple[tuple[Term, ...], list[str]]:
    wanted: list[tuple[TermKind, str, tuple[str, ...], int | None]] = []
    for name in identity.names:
        orders: tuple[str, ...] = (f"{name.given} {name.family}", f"{name.family} {name.given}") if name.given else ()
        wanted.append(("name", name.name, orders, None))
    wanted += [("alias", alias, (), None) for alias in identity.aliases]
    wanted += [("handle", handle, (), None) for handle in identity.handles]
    wanted += [("title", work.declared.title, (), n) for n, work in enumerate(works) if work.declared.title]
    terms: list[Term] = []
    warnings: list[str] = []
    for kind, value, orders, work in wanted:
        written = (value, *orders)
        also = () if kind == "handle" else tuple(other for one in written for other in spellings(one))
        warnings += [f"the {kind} {value!r} {warning}" for warning in script_warnings(value)]
        term = compile_term(kind, value, (*orders, *also), work=work)
        if term is None or _UNUSABLE.search(value):
            warnings.append(
                f"the {kind} {value[:200]!r} is too common or has no letters; captions are not searched for it"
            )
        else:
            terms.append(term)
            if term.needs_second:
                warnings.append(
                    f"the {kind} {value!r} is so short that it is looked for only beside another declared name; an alias with more "
                    "characters finds more"
                )
    return tuple(dict.fromkeys(terms)), warnings


_UNUSABLE: Final = re.compile("[\x00-\x08\ufffd\ud800-\udfff]")
_NAMED_BY_MACHINE: Final = re.compile(
    r"(?:img|dsc[nf]?|pict?|image|photo|picture|screenshot|screen[-_ ]shot|scan|untitled|unnamed|file|download|wp|mvc|p)?"
    r"[-_ ()0-9tz.:+]*|[0-9a-f]{8,}[-_0-9a-f]*|(?:[0-9a-f]+-){4}[0-9a-f]+"
)


def file_name(url: CanonicalUrl) -> str | None:
    """The distinctive stem of the URL's file name, lower case, without sizes; None where it is short or named by a program.

    The file name is the last path segment: of the address itself, of the one it wraps, or of the whole where a service gives the
    picture its own name in the middle (MediaWiki, IIIF).
    """
    key = asset_key(url)
    is_path = key is not None and key.strength == "path" and key.family not in {"mediawiki", "iiif"}
    path = key.key.partition("?")[0] if key is not None and is_path else url.path
    stem = path.rpartition("/")[2].rpartition(".")[0].lower()
    if not 12 <= len(stem) <= 200 or len(re.findall("[a-z]{2,}", stem)) < 2 or _NAMED_BY_MACHINE.fullmatch(stem):
        return None
    return stem
