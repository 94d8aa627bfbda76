"""The LAION family: URL lists of LAION-400M, LAION-5B, Re-LAION and what was cut from them.

Column names as published (datasets.md section 1.1).  LAION's ``hash`` is no picture hash: it is computed from URL and TEXT and
serves as the row's self-check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.datasets import DigestColumn, Layout, Role, RowCheck

if TYPE_CHECKING:
    from collections.abc import Mapping

_BASE: Mapping[str, str] = {
    "SAMPLE_ID": "int64",
    "URL": "string",
    "TEXT": "string",
    "HEIGHT": "int32",
    "WIDTH": "int32",
    "LICENSE": "string",
    "NSFW": "string",
}
_SCORES: Mapping[str, str] = {"hash": "int64", "pwatermark": "float", "punsafe": "float"}
_CORE: Mapping[str, str] = {"URL": "string", "TEXT": "string", "WIDTH": "int64", "HEIGHT": "int64"}
_COLUMNS: Mapping[Role, str] = {
    Role.URL: "URL",
    Role.CAPTION: "TEXT",
    Role.WIDTH: "WIDTH",
    Role.HEIGHT: "HEIGHT",
    Role.ROW_KEY: "SAMPLE_ID",
    Role.LICENSE: "LICENSE",
    Role.LANGUAGE: "LANGUAGE",
    Role.NSFW: "NSFW",
    Role.SIMILARITY: "similarity",
    Role.PUNSAFE: "punsafe",
    Role.PWATERMARK: "pwatermark",
    Role.AESTHETIC: "aesthetic or AESTHETIC_SCORE",
}
_CHECK = RowCheck(method="mmh3/url+text/1", column="hash", of=("URL", "TEXT"))
_MD5 = frozenset({"md5"})  # with it, a shard is the -md5 release, whose digests count

LAION: tuple[Layout, ...] = (
    Layout(
        name="laion400m",
        source="laion.ai/blog/laion-400-open-dataset, 20 Aug 2021",
        publisher="LAION",
        signature={**_BASE, "similarity": "double"},
        forbids=_MD5,
        columns=_COLUMNS,
        size_of="embedded",
    ),
    Layout(
        name="laion5b",
        source="huggingface.co/datasets/laion/laion2B-en (-multi, 1B-nolang), 31 Mar 2022",
        publisher="LAION",
        signature={**_BASE, "similarity": "float"},
        forbids=_MD5,
        columns=_COLUMNS,
        size_of="embedded",
    ),
    Layout(
        name="laion5b-joined",
        source="huggingface.co/datasets/laion/laion2B-en-joined",
        publisher="LAION",
        signature={**_BASE, "similarity": "float", **_SCORES},
        forbids=_MD5,
        columns=_COLUMNS,
        row_check=_CHECK,
        size_of="embedded",
    ),
    Layout(
        name="laion5b-md5",
        source="img2dataset --verify_hash; huggingface.co/datasets/laion/laion2B-en-md5, download of May 2022",
        publisher="LAION",
        signature={"URL": "string", "TEXT": "string", "md5": "string"},
        columns=_COLUMNS,
        digests=(DigestColumn(column="md5", algorithm="md5"),),
        row_check=_CHECK,
        size_of="embedded",
    ),
    Layout(
        name="laion5b-md5-joined",
        source="public img2dataset command lines for laion2B with --verify_hash md5: lower-case names",
        publisher="LAION",
        signature={
            "url": "string",
            "caption": "string",
            "md5": "string",
            "hash": "int64",
            "similarity": "number",
            "punsafe": "number",
            "pwatermark": "number",
        },
        forbids=frozenset({"key", "status"}),
        columns={
            Role.URL: "url",
            Role.CAPTION: "caption",
            Role.SIMILARITY: "similarity",
            Role.PUNSAFE: "punsafe",
            Role.PWATERMARK: "pwatermark",
        },
        digests=(DigestColumn(column="md5", algorithm="md5"),),
        row_check=RowCheck(method="mmh3/url+text/1", column="hash", of=("url", "caption")),
    ),
    Layout(
        name="relaion5b",
        source="huggingface.co/datasets/laion/relaion2B-en-research(-safe), Aug 2024",
        publisher="LAION",
        signature={
            "url": "string",
            "caption": "string",
            "similarity": "double",
            "pwatermark": "float",
            "punsafe": "float",
            "hash": "int64",
            "key": "string",
            "status": "string",
            "width": "number",
            "height": "number",
            "original_width": "int32",
            "original_height": "int32",
        },
        forbids=frozenset({"error_message"}),  # with it, somebody's own img2dataset output of LAION rows
        columns={
            Role.URL: "url",
            Role.CAPTION: "caption",
            Role.ROW_KEY: "key",
            Role.STATUS: "status",
            Role.WIDTH: "width",
            Role.HEIGHT: "height",
            Role.ORIGINAL_WIDTH: "original_width",
            Role.ORIGINAL_HEIGHT: "original_height",
            Role.LANGUAGE: "language",
            Role.SIMILARITY: "similarity",
            Role.PUNSAFE: "punsafe",
            Role.PWATERMARK: "pwatermark",
        },
        digests=(DigestColumn(column="md5", algorithm="md5"),),
        row_check=RowCheck(method="mmh3/url+text/1", column="hash", of=("url", "caption")),
        size_of="stored",
    ),
    Layout(
        name="laion-aesthetic",
        source="github.com/LAION-AI/laion-datasets laion-aesthetic.md (v1)",
        publisher="LAION",
        signature={**_BASE, "similarity": "float", **_SCORES, "aesthetic": "number"},
        forbids=_MD5,
        columns=_COLUMNS,
        row_check=_CHECK,
        size_of="embedded",
    ),
    Layout(
        name="improved-aesthetics",
        source="huggingface.co/datasets/ChristophSchuhmann/improved_aesthetics_4.5plus (v2), 16 Aug 2022",
        publisher="LAION",
        signature={**_CORE, "similarity": "number", **_SCORES, "AESTHETIC_SCORE": "number"},
        forbids=_MD5,
        columns=_COLUMNS,
        row_check=_CHECK,
        size_of="embedded",
    ),
    Layout(
        name="laion-art",
        source="huggingface.co/datasets/laion/laion-art",
        publisher="LAION",
        signature={**_CORE, "similarity": "number", "LANGUAGE": "string", **_SCORES, "aesthetic": "number"},
        forbids=_MD5,
        columns=_COLUMNS,
        row_check=_CHECK,
        size_of="embedded",
    ),
    Layout(
        name="laion-high-resolution",
        source="huggingface.co/datasets/laion/laion-high-resolution",
        publisher="LAION",
        signature={**_CORE, "similarity": "number", "LANGUAGE": "string", **_SCORES},
        forbids=_MD5,
        columns=_COLUMNS,
        row_check=_CHECK,
        size_of="embedded",
    ),
    Layout(
        name="laion-coco",
        source="huggingface.co/datasets/laion/laion-coco, 15 Sep 2022",
        publisher="LAION",
        signature={
            **_CORE,
            "top_caption": "string",
            "all_captions": "list",
            "all_similarities": "list",
            "similarity": "double",
            **_SCORES,
        },
        columns={**_COLUMNS, Role.MACHINE_CAPTION: "top_caption"},
        row_check=_CHECK,
        size_of="embedded",
    ),
)
