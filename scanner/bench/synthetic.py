"""A synthetic shard that looks like LAION-400M to a text matcher: hosts, paths, lengths and scripts in like shares, all of it invented.

Shares of host families and mean lengths are those measured on real rows (identity.md section 9: URL 97 bytes, caption 58 bytes, 6 % of
captions beyond ASCII).  Everything is drawn from a seeded generator: the same arguments give the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scanner.identity import Domain, Identity, Name

if TYPE_CHECKING:
    from pathlib import Path

ROW_GROUP = 1 << 20
_SYLLABLES = (
    "ba be bi bo ca ce co da de di do fa fe fi ga go ha he ka ki la le li lo ma me mi mo na ne ni no pa pe ra re ri ro sa se si so ta"
).split()
_MARKS = "é ü ö ñ ç ø ł á ó 画 像 作 品 山 川 花 の カ ラ 그 림 д о м к и л ا ل م ש ל ไ ท".split()
# Share of rows, and the form of the URL around {w} words, {h} hex and {n} numbers.
_FAMILIES: tuple[tuple[float, str], ...] = (
    (0.187, "https://{host}/wp-content/uploads/2017/03/{w}-{w}-{n}-300x200.jpg"),
    (0.114, "https://{host}/media/{w}/{w}-{w}_{n}.jpg?w=640&h=480&fit=crop"),
    (0.083, "http://www.{host}/images/products/{w}-{w}-{w}-{n}-450x600.jpg"),
    (0.077, "https://thumbs.dreamstime.com/b/{w}-{w}-{w}-{w}-{w}-{n}.jpg"),
    (0.071, "https://i.pinimg.com/736x/40/d3/0b/{h}{h}--{w}-{w}.jpg"),
    (0.036, "https://i0.wp.com/{host}/wp-content/uploads/2019/07/{w}-{w}.jpg?resize=525%2C350&ssl=1"),
    (0.020, "https://cdn.shopify.com/s/files/1/0287/7027/1337/products/{w}_{w}_{n}_300x300.jpg?v=1599066558"),
    (0.015, "https://i.ebayimg.com/thumbs/images/g/{w}AAOSw{n}/s-l225.jpg"),
    (0.014, "https://img1.etsystatic.com/013/0/5762538/il_340x270.{n}_1xub.jpg"),
    (0.010, "https://static.wixstatic.com/media/aac884_{h}{h}~mv2.jpg/v1/fill/w_453,h_340,q_30/aac884.jpg"),
    (0.009, "https://render.fineartamerica.com/images/rendered/search/print/images-medium-5/{w}-{w}-{w}-{w}.jpg"),
    (0.009, "http://1.bp.blogspot.com/-E{w}/T7J{w}/AAAAAAAABK8/{h}/s1600/{w}_{w}.jpg"),
    (0.005, "https://live.staticflickr.com/2752/{n}_5e98176614_n.jpg"),
    (
        0.0033,
        "https://images-wixmp-ed30a86b8c4ca887773594c2.wixmp.com/f/{h}/{w}_by_{w}_d4acpw7-250t.jpg?token=eyJ{h}{h}",
    ),
    (0.050, "https://{host}/resize?src=%2Fimages%2F{w}%2F{w}.jpg&w=320&h=240&id={n}"),
    (0.2967, "http://{host}/{w}/{w}-{w}/{n}/{w}_{w}.jpg"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """What was put into the shard to be found again: rows by kind of the hit they must give."""

    url_rows: frozenset[int]
    host_rows: frozenset[int]
    caption_rows: frozenset[int]


def words(rng: np.random.Generator, count: int) -> list[str]:
    """Distinct invented words of two to five syllables."""
    found: dict[str, None] = {}
    while len(found) < count:
        picks = rng.integers(0, len(_SYLLABLES), size=(count, 5))
        lengths = rng.integers(2, 6, size=count)
        for row, length in zip(picks.tolist(), lengths.tolist(), strict=True):
            found["".join(_SYLLABLES[n] for n in row[:length])] = None
    return list(found)[:count]


def synthetic_identity(rng: np.random.Generator, each: int) -> Identity:
    """An Identity with ``each`` names, aliases, handles, domains, profiles and work URLs (a class of artists)."""
    pool = words(rng, 6 * each + 100)
    take = iter(pool)
    numbers = rng.integers(10**6, 10**9, size=each).tolist()
    hexes = [f"{high:016x}{low:016x}" for high, low in rng.integers(0, 2**63, size=(each, 2)).tolist()]
    forms = (
        "https://i.pinimg.com/originals/40/d3/0b/{h}.jpg",
        "https://{w}-{v}.example/wp-content/uploads/2017/03/{w}-{v}-{n}.jpg",
        "https://i.etsystatic.com/5762538/r/il/ab12/{n}/il_fullxfull.{n}_1xub.jpg",
        "https://cdn.shopify.com/s/files/1/0287/7027/1337/products/{w}_{v}_{n}.jpg",
        "https://{w}-{v}.example/gallery/{w}_{v}_{n}.png",
    )
    work_urls = tuple(
        forms[n % len(forms)].format(h=hexes[n], n=numbers[n], w=pool[n], v=pool[-n - 1]) for n in range(each)
    )
    return Identity(
        names=tuple(Name(name=f"{next(take)} {next(take)}") for _ in range(each)),
        aliases=tuple(f"the {next(take)} of {pool[n]}" for n in range(each)),
        handles=tuple(f"{next(take)}_{n}" for n in range(each)),
        domains=tuple(Domain(domain=f"{next(take)}-{n}.art") for n in range(each)),
        profile_urls=tuple(f"https://www.deviantart.com/{pool[n]}{n}" for n in range(each)),
        work_urls=work_urls,
    )


def write_shard(path: Path, rows: int, identity: Identity, *, seed: int = 1) -> Planted:
    """Write a snappy parquet file with the columns ``URL`` and ``TEXT``, and plant some of the identity in it."""
    rng = np.random.default_rng(seed)
    pool = pa.array(words(rng, 60_000))
    hosts = pa.array([f"{a}{b}.{tld}" for a, b, tld in _host_parts(rng, 200_000)])
    planted: dict[str, set[int]] = {"url": set(), "host": set(), "caption": set()}
    with pq.ParquetWriter(
        path, pa.schema([("URL", pa.string()), ("TEXT", pa.string())]), compression="snappy"
    ) as writer:
        for start in range(0, rows, ROW_GROUP):
            count = min(ROW_GROUP, rows - start)
            urls, texts = _urls(rng, count, pool, hosts), _captions(rng, count, pool)
            urls, texts = _plant(rng, start, urls, texts, identity, planted)
            writer.write_table(pa.table({"URL": urls, "TEXT": texts}), row_group_size=ROW_GROUP)
    return Planted(
        url_rows=frozenset(planted["url"]),
        host_rows=frozenset(planted["host"]),
        caption_rows=frozenset(planted["caption"]),
    )


def _host_parts(rng: np.random.Generator, count: int) -> list[tuple[str, str, str]]:
    pool = words(rng, 20_000)
    tlds = ("com", "com", "com", "com", "net", "org", "de", "co.uk", "ru", "fr", "jp", "com.br")
    picks = rng.integers(0, len(pool), size=(count, 2)).tolist()
    ends = rng.integers(0, len(tlds), size=count).tolist()
    return [(pool[a], pool[b], tlds[end]) for (a, b), end in zip(picks, ends, strict=True)]


def _urls(rng: np.random.Generator, count: int, pool: pa.Array, hosts: pa.Array) -> pa.Array:
    shares = np.asarray([share for share, _ in _FAMILIES])
    family = rng.choice(len(_FAMILIES), size=count, p=shares / shares.sum())
    pieces, order = [], []
    for number, (_, form) in enumerate(_FAMILIES):
        rows = np.flatnonzero(family == number)
        order.append(rows)
        pieces.append(_filled(rng, form, len(rows), pool, hosts))
    position = np.empty(count, np.int64)
    position[np.concatenate(order)] = np.arange(count)
    return pa.concat_arrays(pieces).take(pa.array(position))


def _filled(rng: np.random.Generator, form: str, count: int, pool: pa.Array, hosts: pa.Array) -> pa.Array:
    parts: list[Any] = []
    rest = form
    while rest:
        before, brace, rest = rest.partition("{")
        parts.append(before)
        if brace:
            name, _, rest = rest.partition("}")
            parts.append(_column(rng, name, count, pool, hosts))
    return pc.binary_join_element_wise(*parts, "")


def _column(rng: np.random.Generator, name: str, count: int, pool: pa.Array, hosts: pa.Array) -> pa.Array:
    if name == "host":
        return hosts.take(pa.array(rng.integers(0, len(hosts), size=count)))
    if name == "w":
        return pool.take(pa.array(_ranks(rng, count, len(pool))))
    numbers = rng.integers(10**6, 10**9, size=count)
    if name == "n":
        return pc.cast(pa.array(numbers), pa.string())
    return pa.array([f"{value:016x}" for value in rng.integers(0, 2**63, size=count).tolist()])


def _ranks(rng: np.random.Generator, count: int, size: int) -> npt.NDArray[np.int64]:
    """Word numbers, frequent ones often: the logarithm of the rank is uniform, nearly as in language."""
    ranks: npt.NDArray[np.int64] = (np.exp(rng.random(count) * np.log(size)) - 1).astype(np.int64)
    return ranks


def _captions(rng: np.random.Generator, count: int, pool: pa.Array) -> pa.Array:
    lengths = np.clip(rng.poisson(8.5, size=count), 1, 16)
    columns = []
    for place in range(16):
        taken = pool.take(pa.array(_ranks(rng, count, len(pool))))
        columns.append(pc.if_else(pa.array(lengths > place), taken, pa.scalar(None, pa.string())))
    marks = pa.array(_MARKS).take(pa.array(rng.integers(0, len(_MARKS), size=count)))
    columns.append(pc.if_else(pa.array(rng.random(count) < 0.06), marks, pa.scalar(None, pa.string())))
    text = pc.binary_join_element_wise(*columns, " ", null_handling="skip")
    return pc.if_else(pa.array(rng.random(count) < 0.5), text, pc.utf8_capitalize(text))


def _plant(
    rng: np.random.Generator,
    start: int,
    urls: pa.Array,
    texts: pa.Array,
    identity: Identity,
    planted: dict[str, set[int]],
) -> tuple[pa.Array, pa.Array]:
    """Put declared things into one row in 8,000, each kind its own rows."""
    count = len(urls)
    rows = rng.choice(count, size=3 * max(1, count // 24_000), replace=False).tolist()
    new_urls, new_texts = dict[int, str](), dict[int, str]()
    for number, row in enumerate(rows):
        if number % 3 == 0:
            url = identity.work_urls[number % len(identity.work_urls)]
            new_urls[row] = (
                url.replace("/originals/", "/236x/").replace("https:", "http:").replace(".png", ".png?w=300")
            )
            planted["url"].add(start + row)
        elif number % 3 == 1:
            new_urls[row] = f"https://images.{identity.domains[number % len(identity.domains)].domain}/a/{number}.jpg"
            planted["host"].add(start + row)
        else:
            new_texts[row] = f"Study of a tree, by {identity.names[number % len(identity.names)].name.title()} (2012)"
            planted["caption"].add(start + row)
    return _replaced(urls, new_urls), _replaced(texts, new_texts)


def _replaced(column: pa.Array, values: dict[int, str]) -> pa.Array:
    mask = np.zeros(len(column), dtype=bool)
    mask[list(values)] = True
    return pc.replace_with_mask(column, pa.array(mask), pa.array([values[row] for row in sorted(values)], pa.string()))
