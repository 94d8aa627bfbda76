"""The demonstration's world: an artist's folder and three small datasets in which some of the works were planted, edited.

Everything is made here from numbers: procedural artwork, plausible rows around it, the forms of LAION, COYO and img2dataset as they
are published.  No file of anybody else's, no network.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from scanner.artwork import artwork, title
from scanner.edits import Choices, Edit, centre_square, cropped, jpeg, long_side, padded, turned
from scanner.hashers import fingerprints
from scanner.layouts import row_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ARTIST = "Mara Lindqvist"
DOMAIN = "mara-lindqvist.example"  # example domains belong to nobody (RFC 2606)
WORKS = 12
SIZE = (900, 700)
STRANGERS = 48  # pictures by others in the img2dataset shard
LAION_ROWS = 20_000
COYO_ROWS = 10_000

_MIRROR = turned(Image.Transpose.FLIP_LEFT_RIGHT)
IN_COYO = (  # (work, edit): what the compilers of such a dataset would have hashed
    (0, Edit(name="resized to 400 px, JPEG 80", steps=(long_side(400), jpeg(80)))),
    (1, Edit(name="mirrored, 512 px, JPEG 85", steps=(_MIRROR, long_side(512), jpeg(85)))),
    (2, Edit(name="8 % of the border cut, JPEG 75", steps=(cropped(8), long_side(500), jpeg(75)))),
    (8, Edit(name="centre square, 300 px", steps=(centre_square(300), jpeg(85)))),
)
IN_SHARD = (
    (3, Edit(name="white letterbox, 256 px (img2dataset's default)", steps=(padded(255, 256), jpeg(95)))),
    (4, Edit(name="centre crop, 256 px", steps=(centre_square(256), jpeg(90)))),
    (5, Edit(name="20 % of the area cut, JPEG 60", steps=(cropped(20), long_side(384), jpeg(60)))),
    (6, Edit(name="mirrored, 256 px, JPEG 40", steps=(_MIRROR, long_side(256), jpeg(40)))),
)
IN_LAION = (0, 7, 9)  # works whose addresses, or the artist's name, are listed


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoWorld:
    """Where everything lies; ``planted`` says in words what was hidden where."""

    works: Path
    identity: Path
    datasets: dict[str, Path]
    planted: tuple[str, ...]


def make_demo_world(folder: Path) -> DemoWorld:
    """Paint the works, write the datasets.  Deterministic: the same bytes on the same library versions."""
    pictures = [artwork(seed, SIZE) for seed in range(WORKS)]
    works = _write_works(folder / "my-pictures", pictures)
    datasets = {
        "laion-demo": _write_laion(folder / "datasets" / "laion-demo"),
        "coyo-demo": _write_coyo(folder / "datasets" / "coyo-demo", pictures),
        "img2dataset-demo": _write_shard(folder / "datasets" / "img2dataset-demo", pictures),
    }
    identity = folder / "identity.toml"
    identity.write_text(f'names = ["{ARTIST}"]\ndomains = ["{DOMAIN}"]\n', encoding="utf-8")
    planted = [f"{title(work)}: address or name in laion-demo" for work in IN_LAION]
    planted += [f"{title(work)}: {edit.name}, its hash in coyo-demo" for work, edit in IN_COYO]
    planted += [f"{title(work)}: {edit.name}, its picture in img2dataset-demo" for work, edit in IN_SHARD]
    return DemoWorld(works=works, identity=identity, datasets=datasets, planted=tuple(planted))


def _file_name(seed: int) -> str:
    name = title(seed).lower().replace(" no. ", "-").replace(" ", "-")
    return f"{name}.{'png' if seed % 2 else 'jpg'}"


def _published(seed: int) -> str:
    return f"https://{DOMAIN}/wp-content/uploads/2019/05/{_file_name(seed)}"


def _write_works(folder: Path, pictures: Sequence[Image.Image]) -> Path:
    folder.mkdir(parents=True)
    table = folder / "works.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["file", "title", "first_published", "published_url"])
        for seed, picture in enumerate(pictures):
            picture.save(folder / _file_name(seed), quality=92)
            rows.writerow([_file_name(seed), title(seed), f"2019-05-{seed + 1:02d}", _published(seed)])
    return table


def _choices(seed: int) -> Choices:
    return Choices(seed=seed, backdrop=Image.new("RGB", (8, 8)))


_SUBJECTS = (
    "oak table",
    "city skyline",
    "wedding cake",
    "red bicycle",
    "mountain lake",
    "vintage lamp",
    "sleeping cat",
    "garden path",
)
_MANNERS = ("for sale", "stock photo", "wallpaper", "by the sea", "in winter", "handmade", "close up", "free download")


def _stranger_rows(count: int, salt: int) -> Iterator[tuple[str, str, int, int]]:
    """Plausible rows of other people: URL, caption, width, height."""
    rng = np.random.Generator(np.random.PCG64(salt))
    for number in range(count):
        subject, manner = _SUBJECTS[rng.integers(8)], _MANNERS[rng.integers(8)]
        width, height = int(rng.integers(200, 1600)), int(rng.integers(200, 1600))
        host = f"cdn{rng.integers(40)}.pictures-{rng.integers(900)}.example"
        path = f"{subject.replace(' ', '-')}-{number}-{width}x{height}.jpg"
        yield f"https://{host}/uploads/{path}", f"{subject} {manner} {number}", width, height


def _write_laion(folder: Path) -> Path:
    rows = [[url, text, width, height] for url, text, width, height in _stranger_rows(LAION_ROWS, 400)]
    listed = {
        5_000: [_published(0), title(0), *SIZE],
        11_111: [_published(7).replace(".png", "-450x350.png"), f"{title(7)} by {ARTIST}", 450, 350],
        17_777: ["https://i.pinimg.example/564x/9f/aa.jpg", f"painting by {ARTIST}, oil on canvas", 564, 438],
        19_000: [f"https://shop.{DOMAIN}/prints/{_file_name(9)}", "art print", 600, 466],
    }
    for number, row in listed.items():
        rows[number] = row
    urls, texts, widths, heights = (list(column) for column in zip(*rows, strict=True))
    table = pa.table(
        {
            "SAMPLE_ID": pa.array(range(9_000_000, 9_000_000 + len(rows)), pa.int64()),
            "URL": pa.array(urls, pa.string()),
            "TEXT": pa.array(texts, pa.string()),
            "HEIGHT": pa.array(heights, pa.int32()),
            "WIDTH": pa.array(widths, pa.int32()),
            "LICENSE": pa.array(["?"] * len(rows), pa.string()),
            "NSFW": pa.array(["UNLIKELY"] * len(rows), pa.string()),
            "similarity": pa.array(np.linspace(0.3, 0.4, len(rows)), pa.float32()),
            "hash": pa.array([row_hash(url, text) for url, text in zip(urls, texts, strict=True)], pa.int64()),
            "pwatermark": pa.array(np.linspace(0.0, 1.0, len(rows)), pa.float32()),
            "punsafe": pa.array(np.full(len(rows), 0.01), pa.float32()),
        }
    )
    return _written(folder, "part-00000-demo-c000.snappy.parquet", table)


def _random_hash(rng: np.random.Generator) -> str:
    """A hash as imagehash makes them: 32 ones of 64, the first bit set."""
    ones = rng.permutation(63)[:31]
    return f"{(1 << 63) | sum(1 << int(bit) for bit in ones):016x}"


def _write_coyo(folder: Path, pictures: Sequence[Image.Image]) -> Path:
    rng = np.random.Generator(np.random.PCG64(700))
    hashes = [_random_hash(rng) for _ in range(COYO_ROWS)]
    rows = [list(row) for row in _stranger_rows(COYO_ROWS, 701)]
    for place, (work, edit) in enumerate(IN_COYO):
        number = 1_234 + 2_345 * place
        edited = edit.apply(pictures[work], _choices(work))
        hashes[number] = fingerprints(edited)[0].hex
        rows[number] = [f"https://blog{place}.example/img/{1000 + place}.jpg", "untitled", edited.width, edited.height]
    urls, texts, widths, heights = (list(column) for column in zip(*rows, strict=True))
    table = pa.table(
        {
            "id": pa.array(range(1_000_000_000_000, 1_000_000_000_000 + COYO_ROWS), pa.int64()),
            "url": pa.array(urls, pa.string()),
            "text": pa.array(texts, pa.string()),
            "width": pa.array(widths, pa.int64()),
            "height": pa.array(heights, pa.int64()),
            "image_phash": pa.array(hashes, pa.string()),
            "text_length": pa.array([len(text) for text in texts], pa.int64()),
            "num_faces": pa.array([0] * COYO_ROWS, pa.int64()),
        }
    )
    return _written(folder, "part-00000-demo-c000.snappy.parquet", table)


def _written(folder: Path, name: str, table: pa.Table) -> Path:
    folder.mkdir(parents=True)
    pq.write_table(table, folder / name, compression="snappy", row_group_size=5_000)
    return folder


def _write_shard(folder: Path, pictures: Sequence[Image.Image]) -> Path:
    """An img2dataset output: ``00000.tar`` with the pictures, ``00000.parquet`` with all rows, failed ones too."""
    folder.mkdir(parents=True)
    planted = {4 + 11 * place: (work, edit) for place, (work, edit) in enumerate(IN_SHARD)}
    rows = []
    with tarfile.open(folder / "00000.tar", "w", format=tarfile.USTAR_FORMAT) as archive:
        for number, (url, text, *_) in enumerate(_stranger_rows(STRANGERS + len(planted), 900)):
            failed = number % 13 == 12
            if number in planted:
                work, edit = planted[number]
                picture = edit.apply(pictures[work], _choices(work))
            else:
                picture = artwork(1_000 + number, (320, 256))
            content = _jpeg(picture)
            row = {
                "url": url,
                "caption": text,
                "key": f"{number:09d}",
                "status": "failed_to_download" if failed else "success",
                "error_message": "HTTP Error 404: Not Found" if failed else None,
                "width": None if failed else picture.width,
                "height": None if failed else picture.height,
                "original_width": None if failed else picture.width * 2,
                "original_height": None if failed else picture.height * 2,
                "exif": "{}",
                # of the bytes that were served, which only the maker of the copy has seen
                "sha256": None if failed else hashlib.sha256(b"served " + content).hexdigest(),
            }
            rows.append(row)
            if not failed:
                _add(archive, f"{row['key']}.jpg", content)
                _add(archive, f"{row['key']}.txt", text.encode())
                _add(archive, f"{row['key']}.json", json.dumps(row).encode())
    pq.write_table(pa.Table.from_pylist(rows), folder / "00000.parquet", row_group_size=100)
    counts = {"count": len(rows), "successes": sum(row["status"] == "success" for row in rows)}
    (folder / "00000_stats.json").write_text(json.dumps(counts), encoding="utf-8")
    return folder


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _jpeg(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=95)
    return stream.getvalue()
