"""``provscan bench``: measures this machine beside the peers that are installed (extra ``bench``); prints rates and ratios."""

from __future__ import annotations

import importlib
import json
from dataclasses import asdict, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

# what is measured: (module with a function run, whether it takes --works, in a few words)
BENCHES = {
    "search": ("scanner.bench.searching", False, "Hamming search beside numpy, faiss and polars"),
    "metadata": ("scanner.bench.metadata", False, "addresses and names beside decoding, polars, DuckDB and RE2"),
    "hash": ("scanner.bench.hashing", True, "pictures to fingerprints beside plain imagehash"),
    "fetch": ("scanner.bench.fetching", False, "listed pictures looked at, beside img2dataset on the same server"),
    "accuracy": (
        "scanner.bench.accuracy",
        True,
        "edited copies found, beside imagehash, PDQ and dhash (needs --works)",
    ),
}


@click.command(
    "bench",
    help="Measure this machine beside its peers.\n\n"
    + "\n\n".join(f"{name}: {text}." for name, (_, _, text) in BENCHES.items()),
)
@click.argument("what", type=click.Choice(list(BENCHES)))
@click.option(
    "--works",
    type=click.Path(path_type=Path, exists=True),
    metavar="DIR",
    help="Pictures to measure on (hash, accuracy).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def command(what: str, works: Path | None, as_json: bool) -> None:
    """Run one bench; peers that are not installed are left out and not made up."""
    module, takes_works, _ = BENCHES[what]
    run = importlib.import_module(module).run
    if what == "accuracy" and works is None:
        raise click.UsageError("bench accuracy needs --works DIR: a folder of real pictures to edit")
    result = plain(run(works) if takes_works else run())
    record = result if isinstance(result, dict) else {"measures": what, "rows": result}
    if as_json:
        click.echo(json.dumps(record, ensure_ascii=False))
        return
    for name, value in record.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            click.echo(f"\n{name}:")
            click.echo("\n".join(table(value)))
        elif isinstance(value, dict):
            click.echo(f"{name}: " + ", ".join(f"{key} {shown(each)}" for key, each in value.items()))
        else:
            click.echo(f"{name}: {shown(value)}")


def plain(value: Any) -> Any:
    """Dataclasses, tuples, decimals and paths as JSON takes them."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, Decimal | Path) else value


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Rows under their column names, numbers to the right."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([shown(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    numeric = [all(isinstance(row.get(name), int | float | None) for row in rows) for name in names]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in cells
    ]


def shown(value: Any) -> str:
    """A figure with as many digits as mean something."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
