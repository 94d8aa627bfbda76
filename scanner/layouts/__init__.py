"""Layouts as values, and how a file's layout is recognised.  Pure: schemas and sampled rows in, values out.

To add a dataset, add one ``Layout`` value to the module of its kind (``laion``, ``hashed``, ``listed``, ``packaged``) and one line
to ``tests/synthetic_shards.py``; nothing else changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.layouts.hashed import HASHED
from scanner.layouts.laion import LAION
from scanner.layouts.listed import LISTED
from scanner.layouts.packaged import PACKAGED
from scanner.layouts.recognition import Recognised, Types, Unrecognised, bind, layout_from_columns, rename
from scanner.layouts.recognition import recognise_layout as _recognise
from scanner.layouts.references import type_class
from scanner.layouts.row_checks import row_hash
from scanner.layouts.sampling import HexColumn

if TYPE_CHECKING:
    import pyarrow as pa

    from scanner.datasets import Layout

__all__ = [
    "LAYOUTS",
    "HexColumn",
    "Recognised",
    "Types",
    "Unrecognised",
    "bind",
    "layout_from_columns",
    "layout_named",
    "recognise_layout",
    "rename",
    "row_hash",
    "type_class",
]

LAYOUTS: tuple[Layout, ...] = (*LAION, *HASHED, *LISTED, *PACKAGED)


def recognise_layout(
    schema: pa.Schema, sample: pa.Table | None, *, types: Types = Types.CLASSES, headerless: bool = False
) -> Recognised | Unrecognised:
    """Choose one of ``LAYOUTS`` for a file; see ``recognition.recognise_layout`` for the rules."""
    return _recognise(schema, sample, layouts=LAYOUTS, types=types, headerless=headerless)


def layout_named(name: str) -> Layout | None:
    """The registered layout of that name, case folded; ``name/version`` is understood too."""
    wanted = name.casefold()
    return next((layout for layout in LAYOUTS if wanted in {layout.name.casefold(), layout.id.casefold()}), None)
