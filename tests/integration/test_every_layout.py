"""One scan over a shard of every known layout: each is recognised, its rows are found, and the package verifies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from integration_world import Run, manifest, records
from small_world import scan, write_works
from synthetic_shards import ALL_LAYOUTS, rows_of, write_img2dataset, write_shard

from scanner.layouts import layout_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROW = 5
FORMS = ("webdataset", "files", "parquet")


def urls_below(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("https://img"):
        yield value
    elif isinstance(value, (list, dict)):
        for member in value.values() if isinstance(value, dict) else value:
            yield from urls_below(member)


def test_a_listed_address_is_found_in_every_layout_and_the_package_verifies(provscan: Run, tmp_path: Path) -> None:
    datasets = [f"{layout}={write_shard(layout, tmp_path / layout)}" for layout in ALL_LAYOUTS]
    datasets += [f"img2dataset-{form}={write_img2dataset(tmp_path / form, form)}" for form in FORMS]
    listed = {layout: set(urls_below(list(rows_of(layout, ROW + 1)[ROW].values()))) for layout in ALL_LAYOUTS}
    urls = set().union(*listed.values())
    identity = tmp_path / "me.toml"
    identity.write_text(f"work_urls = {json.dumps(sorted(urls))}\n", encoding="utf-8")
    scanned = scan(
        provscan,
        write_works(tmp_path / "works"),
        *datasets,
        out=tmp_path / "out",
        options=("--identity", str(identity)),
    )
    found = {one["row"]["dataset"] for one in records(scanned.package, "matches")}
    read_as = {one["name"]: one["layout"] for one in manifest(scanned.package)["datasets"]}
    for layout in ALL_LAYOUTS:
        known = layout_named(layout)
        assert known is not None
        if "url" in known.columns and listed[layout]:
            assert layout in found, (layout, read_as[layout])
    assert {f"img2dataset-{form}" for form in FORMS} <= found
