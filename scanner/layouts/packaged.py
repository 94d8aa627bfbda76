"""What tools write, and shards that hold the pictures themselves: img2dataset, clip-retrieval, webdataset, folders, Hugging Face.

Archives and folders have no columns of their own.  Their readers present ``__key__`` (the stem that members share) or
``__path__``, ``image`` (the stored bytes), ``txt`` and the keys of the ``.json`` member (datasets.md section 1.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.datasets import DigestColumn, Layout, Role, RowCheck

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIGESTS = (DigestColumn(column="sha256", algorithm="sha256"), DigestColumn(column="md5", algorithm="md5"))
_BESIDE: Mapping[Role, str] = {
    Role.URL: "url",
    Role.CAPTION: "caption or txt or text",
    Role.IMAGE: "image",
    Role.WIDTH: "width",
    Role.HEIGHT: "height",
    Role.ORIGINAL_WIDTH: "original_width",
    Role.ORIGINAL_HEIGHT: "original_height",
}

_DOWNLOADED: Mapping[str, str] = {
    "url": "string",
    "key": "string",
    "status": "string",
    "error_message": "string",
    "width": "int32",
    "height": "int32",
    "original_width": "int32",
    "original_height": "int32",
}
_DOWNLOADED_COLUMNS: Mapping[Role, str] = {
    **_BESIDE,
    Role.IMAGE: "jpg or png or webp or image",
    Role.ROW_KEY: "key",
    Role.STATUS: "status",
    Role.ERROR: "error_message",
    Role.LANGUAGE: "language",
    Role.LICENSE: "license",
    Role.SIMILARITY: "similarity",
    Role.AESTHETIC: "aesthetic",
    Role.PUNSAFE: "punsafe",
    Role.PWATERMARK: "pwatermark",
}

PACKAGED: tuple[Layout, ...] = (
    Layout(
        name="img2dataset",
        source="github.com/rom1504/img2dataset downloader.py, writer.py",
        signature=_DOWNLOADED,
        forbids=frozenset({"image_path"}),
        columns=_DOWNLOADED_COLUMNS,
        digests=_DIGESTS,
        size_of="stored",
    ),
    Layout(
        name="img2dataset-laion",
        source="img2dataset output that kept LAION's own columns, hash among them",
        signature={**_DOWNLOADED, "caption": "string", "hash": "int64", "similarity": "number"},
        forbids=frozenset({"image_path"}),
        columns=_DOWNLOADED_COLUMNS,
        digests=_DIGESTS,
        row_check=RowCheck(method="mmh3/url+text/1", column="hash", of=("url", "caption")),
        size_of="stored",
    ),
    Layout(
        name="clip-retrieval",
        source="github.com/rom1504/clip-retrieval: metadata_N.parquet beside img_emb_N.npy",
        signature={"image_path": "string", "caption": "string"},
        columns={
            **_BESIDE,
            Role.CAPTION: "caption",
            Role.IMAGE_PATH: "image_path",
            Role.ROW_KEY: "key or image_path",
            Role.STATUS: "status",
            Role.ERROR: "error_message",
            Role.SIMILARITY: "similarity",
            Role.AESTHETIC: "aesthetic",
            Role.PUNSAFE: "punsafe",
            Role.PWATERMARK: "pwatermark",
        },
        digests=_DIGESTS,
        size_of="stored",
    ),
    Layout(
        name="webdataset",
        source="github.com/webdataset/webdataset: tar members that share a stem",
        signature={"__key__": "string", "image": "binary"},
        columns={**_BESIDE, Role.ROW_KEY: "__key__"},
        digests=_DIGESTS,
        size_of="stored",
    ),
    Layout(
        name="folder",
        source="a plain folder of pictures: each file a row, its key the relative path",
        signature={"__path__": "string", "image": "binary"},
        columns={**_BESIDE, Role.ROW_KEY: "__path__"},
        digests=_DIGESTS,
        size_of="stored",
    ),
    Layout(
        name="hf-pictures",
        source="huggingface.co/docs/datasets: the Image feature is stored as struct<bytes, path>",
        signature={"image.bytes": "binary", "image.path": "string"},
        columns={
            Role.IMAGE: "image.bytes",
            Role.IMAGE_PATH: "image.path",
            Role.URL: "url or image_url",
            Role.CAPTION: "caption or text",
            Role.ROW_KEY: "id or key",
        },
        digests=_DIGESTS,
        size_of="stored",
    ),
)
