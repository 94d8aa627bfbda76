"""Every layout is recognised from a file of it, however spelled; no file is taken for another."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from synthetic_shards import ALL_LAYOUTS, table_of, write_img2dataset, write_shard

from scanner.datasets import Dataset, Role
from scanner.layouts import LAYOUTS, Recognised, Unrecognised, layout_named, recognise_layout
from scanner.shards import list_shards, open_shard

if TYPE_CHECKING:
    from pathlib import Path

    from scanner.shards import OpenShard

PARQUET = tuple(
    layout.name
    for layout in LAYOUTS
    if layout.signature and layout.name not in {"webdataset", "datacomp-12m", "folder", "sbu", "redcaps", "mmc4"}
)


def opened(path: Path) -> OpenShard:
    (shard,), _ = list_shards(Dataset(name="synthetic", source=str(path)))
    return open_shard(shard)


def swapped(table: pa.Table) -> pa.Table:
    """Other types of the same class: int to double, float to double, double to float, string to large_string."""
    columns = []
    for field in table.schema:
        values = table.column(field.name)
        if pa.types.is_integer(field.type):
            values = values.cast(pa.float64(), safe=False)
        elif pa.types.is_float64(field.type):
            values = values.cast(pa.float32(), safe=False)
        elif pa.types.is_string(field.type):
            values = values.cast(pa.large_string())
        columns.append(values)
    return pa.table(columns, names=table.column_names)


def recognised(table: pa.Table) -> Recognised:
    found = recognise_layout(table.schema, table)
    assert isinstance(found, Recognised), found
    return found


def names_of(found: Recognised) -> set[str]:
    return {found.layout.name, *found.also}


@pytest.mark.parametrize("name", ALL_LAYOUTS)
def test_a_file_of_each_layout_is_recognised_as_it(name: str, tmp_path: Path) -> None:
    found = opened(write_shard(name, tmp_path))
    assert name in {found.layout.name, *found.also}
    known = layout_named(name)
    assert known is not None
    assert (
        Role.IMAGE in found.roles
        if name in {"webdataset", "folder", "hf-pictures", "datacomp-12m"}
        else Role.URL in found.roles
    )


@pytest.mark.parametrize("name", [name for name in PARQUET if name != "hf-pictures"])
@pytest.mark.parametrize("seed", range(3))
def test_a_layout_is_recognised_with_changed_case_order_types_and_extra_columns(name: str, seed: int) -> None:
    rng = random.Random(seed)
    plain = recognised(table_of(name))
    table = swapped(table_of(name)) if seed else table_of(name)
    order = list(table.column_names)
    rng.shuffle(order)
    table = table.select(order)
    renamed = [rng.choice([column, column.upper(), column.lower(), column.title()]) for column in order]
    table = table.rename_columns(renamed)
    table = table.append_column("zz_extra", pa.array(range(len(table)))).append_column(
        "zz_text", pa.array(["x y"] * len(table))
    )
    found = recognised(table)
    assert names_of(found) == names_of(plain)
    assert {role: column.casefold() for role, column in found.columns.items()} == {
        role: column.casefold() for role, column in plain.columns.items()
    }
    assert all(column in renamed for role, column in found.columns.items() if "[" not in column and " + " not in column)


@pytest.mark.parametrize("name", PARQUET)
def test_no_layout_is_taken_for_another(name: str) -> None:
    found = recognised(table_of(name))
    for other in names_of(found) - {name}:
        twin, own = layout_named(other), layout_named(name)
        assert twin is not None
        assert own is not None
        assert set(twin.signature) == set(own.signature)


def test_types_alone_tell_laion_400m_from_laion_5b() -> None:
    assert recognised(table_of("laion400m")).layout.name == "laion400m"
    assert recognised(table_of("laion5b")).layout.name == "laion5b"
    assert recognised(table_of("laion5b")).also == ("laion400m",)


def test_a_missing_signature_column_is_not_overlooked() -> None:
    table = table_of("coyo700m").drop_columns(["image_phash"])
    found = recognise_layout(table.schema, table)
    assert not isinstance(found, Recognised) or found.layout.name != "coyo700m"


@pytest.mark.parametrize(
    ("form", "layout"), [("webdataset", "img2dataset"), ("files", "img2dataset"), ("parquet", "img2dataset")]
)
def test_every_output_of_img2dataset_is_recognised(form: str, layout: str, tmp_path: Path) -> None:
    shards, skipped = list_shards(Dataset(name="i2d", source=str(write_img2dataset(tmp_path / "out", form))))
    found = [open_shard(shard) for shard in shards]
    assert {one.layout.name for one in found} == {layout}
    assert [one.reason for one in skipped] == ["statistics written by img2dataset"]
    assert sum(Role.IMAGE in one.roles for one in found) == 1
    assert all(Role.SHA256 in one.roles for one in found)


def test_two_columns_of_urls_are_an_error_and_no_guess() -> None:
    rows = pa.table(
        {"page": [f"https://a.org/{n}" for n in range(20)], "pic": [f"https://b.org/{n}" for n in range(20)]}
    )
    found = recognise_layout(rows.schema, rows)
    assert isinstance(found, Unrecognised)
    assert "page" in found.reason
    assert "pic" in found.reason


def test_columns_that_contradict_their_names_are_an_error() -> None:
    rows = table_of("laion400m").rename_columns(
        ["SAMPLE_ID", "TEXT", "URL", "HEIGHT", "WIDTH", "LICENSE", "NSFW", "similarity"]
    )
    assert isinstance(recognise_layout(rows.schema, rows), Unrecognised)


def test_plain_names_with_a_second_url_column_are_no_guess() -> None:
    urls = [f"https://a.org/{n}.jpg" for n in range(20)]
    rows = pa.table({"url": urls, "image_src": urls, "caption": ["a b"] * 20})
    assert isinstance(recognise_layout(rows.schema, rows), Unrecognised)


def test_hex_columns_are_offered_and_not_used() -> None:
    rows = pa.table({"url": [f"https://a.org/{n}" for n in range(20)], "sum": [f"{n:064x}" for n in range(20)]})
    found = recognised(rows)
    assert Role.SHA256 not in found.columns
    assert [(one.column, one.algorithm) for one in found.hex_columns] == [("sum", "sha256")]


def test_a_name_that_stands_there_twice_is_never_chosen() -> None:
    table = table_of("coyo700m")
    twice = pa.table([*table.columns, table.column("url")], names=[*table.column_names, "url"])
    assert not isinstance(recognise_layout(twice.schema, twice), Recognised)
