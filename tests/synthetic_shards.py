"""Small synthetic files of every layout, as the corpora write them: names, types and formats are real, the values are made up.

``write_shard("coyo700m", folder)`` writes 50 rows and returns the path to give as a dataset.  ``planted`` overrides single cells:
``{7: {"url": "https://example.org/mine.jpg"}}``.  Values depend on layout, column and row number alone.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from scanner.datasets import Layout, Role
from scanner.layouts import LAYOUTS, layout_named, row_hash, type_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Row = dict[str, Any]

ROWS = 50
ALL_LAYOUTS: tuple[str, ...] = tuple(layout.name for layout in LAYOUTS)
_WORDS = [
    "amber",
    "quiet",
    "river",
    "stone",
    "lantern",
    "harbour",
    "meadow",
    "copper",
    "violet",
    "winter",
    "paper",
    "garden",
    "crooked",
    "silver",
    "distant",
    "orchard",
]
_OPTIONAL: Mapping[str, tuple[str, ...]] = {  # columns that real files have beside the signature
    "coyo700m": ("text_length", "word_count", "num_tokens_bert", "num_tokens_gpt", "num_faces", "clip_similarity_vitb32",
                 "clip_similarity_vitl14", "nsfw_score_opennsfw2", "nsfw_score_gantman", "watermark_score",
                 "aesthetic_score_laion_v2"),
    "datacomp": ("clip_b32_similarity_score", "clip_l14_similarity_score"),
    "recap-datacomp": ("re_clip_score", "org_clip_score", "re_length", "org_length"),
    "img2dataset": ("caption", "exif", "sha256"),
    "img2dataset-laion": ("exif", "sha256", "punsafe", "pwatermark"),
    "clip-retrieval": ("url", "key", "status", "error_message", "width", "height", "sha256"),
    "improved-aesthetics": ("__index_level_0__",),
    "wit": ("is_main_image",),
    "redcaps": ("score",),
}  # fmt: skip
_TAR = frozenset({"webdataset", "datacomp-12m"})


def picture(seed: int, size: tuple[int, int] = (48, 40)) -> bytes:
    """A small JPEG that differs for each seed."""
    image = Image.new("RGB", size)
    image.putdata(
        [
            ((x * 5 + seed * 37) % 256, (y * 6 + seed * 11) % 256, (x * y + seed) % 256)
            for y in range(size[1])
            for x in range(size[0])
        ]
    )
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def rows_of(layout: str, count: int = ROWS, planted: Mapping[int, Mapping[str, Any]] | None = None) -> list[Row]:
    """The rows of a layout as dictionaries of its columns, in column order."""
    known = _known(layout)
    names = known.headerless or tuple(known.signature)
    names += _OPTIONAL.get(layout, ())
    rows = []
    for number in range(count):
        row = {name: _cell(layout, known, name, number) for name in names if not name.startswith(("image.", "__"))}
        if known.row_check is not None and "hash" in row:
            url, text = known.row_check.of
            row.update({key: value for key, value in (planted or {}).get(number, {}).items() if key != "hash"})
            row["hash"] = row_hash(row[url], row[text])
        row.update((planted or {}).get(number, {}))
        rows.append(row)
    return rows


def table_of(layout: str, count: int = ROWS, planted: Mapping[int, Mapping[str, Any]] | None = None) -> pa.Table:
    """The rows as an Arrow table with the layout's own types."""
    known = _known(layout)
    rows = rows_of(layout, count, planted)
    if layout == "hf-pictures":
        stored = [
            {"bytes": row.get("image") or picture(number), "path": f"{number}.jpg"} for number, row in enumerate(rows)
        ]
        return pa.table({"image": stored, "text": [_sentence("hf", number) for number in range(count)]})
    columns = {name: _array(known, name, [row[name] for row in rows]) for name in rows[0]}
    return pa.table(columns)


def write_shard(
    layout: str, folder: Path, count: int = ROWS, planted: Mapping[int, Mapping[str, Any]] | None = None
) -> Path:
    """Write one shard in the format its publisher uses; returns the file (of layout ``folder``: the folder)."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = rows_of(layout, count, planted)
    if layout in {"cc3m", "cc12m", "cc12m-hashes"}:
        return _written(folder / f"{layout}.tsv", _lines(rows))
    if layout == "yfcc100m":
        return _written(folder / "yfcc100m_dataset.bz2", bz2.compress(_lines(rows)))
    if layout == "wit":
        header = "\t".join(rows[0]).encode() + b"\n"
        return _written(folder / "wit_v1.train.all-00000-of-00010.tsv.gz", gzip.compress(header + _lines(rows)))
    if layout == "sbu":
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        return _written(folder / "sbu-captions-all.json", json.dumps(columns).encode())
    if layout == "redcaps":
        return _written(folder / "birds_2020.json", json.dumps({"info": {"year": 2020}, "annotations": rows}).encode())
    if layout == "mmc4":
        return _written(folder / "docs_shard_0_v2.jsonl", b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    if layout in _TAR:
        return write_tar(folder / "00000.tar", rows)
    if layout == "folder":
        return write_pictures(folder / "pictures", count)
    path = folder / f"{layout}.parquet"
    pq.write_table(table_of(layout, count, planted), path)
    return path


def write_img2dataset(folder: Path, form: str, count: int = ROWS) -> Path:
    """An img2dataset output folder with one shard ``00000``: ``form`` is ``webdataset``, ``files`` or ``parquet``.

    Every tenth download failed, so the tar and the folder hold fewer rows than the parquet file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = rows_of("img2dataset", count)
    stored = [picture(number) for number in range(count)]
    for number, row in enumerate(rows):
        failed = number % 10 == 9
        row.update(
            status="failed_to_download" if failed else "success", error_message="HTTP Error 404" if failed else None
        )
        row["sha256"] = None if failed else hashlib.sha256(b"served" + stored[number]).hexdigest()
    table = pa.Table.from_pylist(rows)
    good = [number for number, row in enumerate(rows) if row["status"] == "success"]
    if form == "parquet":
        table = table.append_column(
            "jpg", pa.array([stored[n] if n in good else None for n in range(count)], pa.binary())
        )
    elif form == "files":
        for number in good:
            _sample_files(folder / "00000", rows[number], stored[number])
    else:
        write_tar(folder / "00000.tar", [rows[number] for number in good], [stored[number] for number in good])
    pq.write_table(table, folder / "00000.parquet", row_group_size=100)
    (folder / "00000_stats.json").write_text(json.dumps({"count": count, "successes": len(good)}), encoding="utf-8")
    return folder


def write_tar(path: Path, rows: Sequence[Mapping[str, Any]], pictures: Sequence[bytes] | None = None) -> Path:
    """A webdataset tar: ``key.jpg``, ``key.txt`` and ``key.json`` for each row."""
    with tarfile.open(path, "w") as archive:
        for number, row in enumerate(rows):
            stored = pictures[number] if pictures is not None else picture(number)
            key = str(row.get("key", f"{number:09d}"))
            text = str(row.get("caption", _sentence("txt", number)))
            for suffix, body in (("jpg", stored), ("txt", text.encode()), ("json", json.dumps(row).encode())):
                member = tarfile.TarInfo(f"{key}.{suffix}")
                member.size = len(body)
                archive.addfile(member, io.BytesIO(body))
    return path


def write_pictures(folder: Path, count: int = ROWS) -> Path:
    """A plain folder of pictures, some of them in a subfolder."""
    for number in range(count):
        path = folder / ("sub" if number % 5 == 4 else "") / f"picture-{number:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    return folder


# --- values ------------------------------------------------------------------------------------------------------------------


def _known(layout: str) -> Layout:
    known = layout_named(layout)
    if known is None:
        raise KeyError(layout)
    return known


def _digest(*parts: object) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def _sentence(*parts: object) -> str:
    chosen = bytes.fromhex(_digest(*parts))[:5]
    return " ".join(_WORDS[byte % len(_WORDS)] for byte in chosen) + f" no. {chosen[0]}"


def _url(layout: str, name: str, number: int) -> str:
    return f"https://img{number % 7}.example.org/{layout}/{name}/{_digest(layout, name, number)[:12]}.jpg?w=640"


def _cell(layout: str, known: Layout, name: str, number: int) -> Any:
    """A value that looks like those of the column: by its role, else by its name and type."""
    lower = name.casefold()
    if lower in {"images", "texts", "image_info", "text_list", "similarity_matrix", "metadata", "general_metadata"}:
        return _document_cell(lower, layout, number)
    if any(digest.column == name for digest in known.digests) or lower in {"sha256", "md5"}:
        digits = 32 if lower in {"md5", "hash", "md5_hash"} else 64
        return _digest(layout, name, number)[:digits]
    if any(fingerprint.column == name for fingerprint in known.fingerprints):
        return _digest(layout, name, number)[:16]
    roles = {
        role for role, text in known.columns.items() if name in text.replace(" + ", " ").replace(" or ", " ").split()
    }
    if (roles & {Role.URL, Role.PAGE_URL} and lower != "permalink") or lower in {"url", "pageurl"}:
        return _url(layout, name, number)
    if name in known.url_encoded:
        return quote_plus(_sentence(layout, name, number))
    if roles & {Role.CAPTION, Role.MACHINE_CAPTION} or lower in {"caption", "page_title"}:
        return _sentence(layout, name, number)
    return _plain_cell(known, name, number)


def _plain_cell(known: Layout, name: str, number: int) -> Any:
    lower = name.casefold()
    fixed = {
        "license": "?", "nsfw": "UNLIKELY", "language": "en", "status": "success", "error_message": None, "exif": "{}",
        "mime_type": "image/jpeg", "is_main_image": True, "uid": _digest(lower, number)[:32], "ext": "jpg", "marker": "0",
        "key": f"{number:09d}", "id": number + (1 << 40), "sample_id": number * 1_000_003, "image_path": f"{number:09d}.jpg",
        "subreddit": "birds", "permalink": f"/r/birds/{number}", "author": f"user_{number}", "created_utc": 1_577_836_800 + number,
    }  # fmt: skip
    if lower in fixed:
        return fixed[lower]
    if "width" in lower or "height" in lower:
        return 200 + (number * 37) % 1800
    kind = type_class(known.signature.get(name, "number" if "score" in lower or "num" in lower else "text"))
    if kind == "number":
        return (number * 7919 % 1000) / 1000
    return [number, number + 1] if kind == "list" else f"{lower}-{number}"


def _document_cell(name: str, layout: str, number: int) -> Any:
    url, text = _url(layout, name, number), _sentence(layout, name, number)
    return {
        "images": [url, None, f"{url}&second=1"],
        "texts": [None, text, None],
        "metadata": json.dumps([{"src": url}]),
        "general_metadata": json.dumps({"url": "https://example.org/page"}),
        "text_list": [text, f"{text} again"],
        "image_info": [{"image_name": f"{number}.jpg", "raw_url": url, "matched_text_index": 1, "matched_sim": 0.3}],
        "similarity_matrix": [[0.1, 0.3]],
    }[name]


_TYPES: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
}


def _array(known: Layout, name: str, values: list[Any]) -> pa.Array:
    wanted = _TYPES.get(known.signature.get(name, ""))
    if wanted is None:
        return pa.array(values)
    if pa.types.is_string(wanted):
        values = [None if value is None else str(value) for value in values]
    if pa.types.is_integer(wanted):
        values = [int(value) for value in values]
    return pa.array(values, wanted)


# --- files -------------------------------------------------------------------------------------------------------------------


def _lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(
        "\t".join("" if cell is None else str(cell) for cell in row.values()).encode() + b"\n" for row in rows
    )


def _written(path: Path, body: bytes) -> Path:
    path.write_bytes(body)
    return path


def _sample_files(folder: Path, row: Mapping[str, Any], stored: bytes) -> None:
    folder.mkdir(exist_ok=True)
    key = row["key"]
    (folder / f"{key}.jpg").write_bytes(stored)
    (folder / f"{key}.txt").write_text(str(row["caption"]), encoding="utf-8")
    (folder / f"{key}.json").write_text(json.dumps(row), encoding="utf-8")
