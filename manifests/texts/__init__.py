"""The plain texts of a package: README-FIRST.txt and how to check everything with ordinary tools.

The templates lie beside this module as text, so that they can be read, and linted, as they are.  Markers stand in ``⟦
⟧``: a value, ``⟦show step.bash⟧`` for a file of ``commands/`` in a fenced block, ``⟦if x⟧ … ⟦else⟧ … ⟦end⟧`` on lines
of their own.  The commands are kept once for all languages: what is printed is what the tests run.
"""

from __future__ import annotations

import re
import shlex
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from manifests.texts.labels import number
from manifests.texts.marks import is_speakable, speakable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

    from manifests.packages import Package
    from manifests.words import Lang

README: Final = "README-FIRST.txt"
VERIFY: Final = {"VERIFY.md": "VERIFY.en.md", "VERIFY.zh.md": "VERIFY.zh.md"}
LOOKED_AT: Final = 10_000  # findings read in search of an example row in a parquet file

_MARK = re.compile(r"⟦([^⟦⟧]*)⟧")


def package_texts(package: Package, lang: Lang = "en") -> dict[str, bytes]:
    """The three texts that stand beside ``data/``, by file name, UTF-8, line feeds.

    A function of the records alone: made twice, equal.  ``package`` may be a folder not yet sealed; its Manifest and
    records must be there.  Both languages of VERIFY are always made; ``lang`` chooses that of README-FIRST.txt.
    """
    values = _values(package)
    texts = {README: render(f"README-FIRST.{lang}.txt", values)}
    texts.update({name: render(template, values) for name, template in VERIFY.items()})
    return {name: text.encode() for name, text in texts.items()}


def templates() -> dict[str, str]:
    """Every template and command by name, raw: what the claim linter reads."""
    here = files(__name__)
    found = [*here.iterdir(), *(here / "commands").iterdir()]
    return {file.name: file.read_text(encoding="utf-8") for file in found if _is_template(file)}


def _is_template(file: Traversable) -> bool:
    return file.name.endswith((".md", ".txt", ".bash", ".powershell"))


def render(template: str, values: Mapping[str, str | bool]) -> str:
    """Fill one template.

    Raises:
        KeyError: a marker that ``values`` does not know.
    """
    text = (files(__name__) / template).read_text(encoding="utf-8")
    return "".join(_chosen(text.splitlines(keepends=True), values))


def _chosen(lines: list[str], values: Mapping[str, str | bool]) -> Iterator[str]:
    shown = True
    for line in lines:
        mark = line.strip()
        if mark.startswith("⟦if "):
            shown = bool(values[mark[4:-1]])
        elif mark == "⟦else⟧":
            shown = not shown
        elif mark == "⟦end⟧":
            shown = True
        elif shown:
            yield _MARK.sub(lambda found: _filled(found[1], values), line)


def _filled(mark: str, values: Mapping[str, str | bool]) -> str:
    if not mark.startswith("show "):
        return str(values[mark])
    name = mark.removeprefix("show ")
    command = (files(__name__) / "commands" / name).read_text(encoding="utf-8")
    block = _MARK.sub(lambda found: str(values[found[1]]), command)
    return f"```{name.rpartition('.')[2]}\n{block}```"


def _values(package: Package) -> dict[str, str | bool]:
    manifest = package.manifest
    run, results, portfolio = manifest["run"], manifest["results"], manifest["portfolio"]
    return {
        "tool": f"{manifest['tool']['name']} {manifest['tool']['version']}",
        "run_id": run["run_id"],
        "started_at": run["started_at"],
        "finished_at": run["finished_at"],
        "works": number(portfolio["works"]),
        "works_with": number(results["works_with_findings"]),
        "works_without": number(results["works_without"]),
        "rows_scanned": number(sum(dataset["rows_scanned"] for dataset in manifest["datasets"])),
        "findings": number(results["findings"]),
        **{f"grade_{grade.lower()}": number(count) for grade, count in results["by_grade"].items()},
        "manifest_sha256": package.manifest_sha256,
        "datasets": "\n".join(_dataset_line(dataset) for dataset in manifest["datasets"]),
        "drafts": manifest["contents"]["drafts"],
        "captures": manifest["contents"]["captures"],
        "parts": any(shard["parts"] for shard in package.records("coverage")),
        "findings_any": results["findings"] > 0,
        "pending": "seal",
        **_example(package),
    }


def _dataset_line(dataset: Mapping[str, Any]) -> str:
    release = f" {dataset['release']}" if dataset["release"] is not None else ""
    return f"  {speakable(dataset['name'] + release)}: {number(dataset['rows_scanned'])} / {dataset['layout']}"


def _example(package: Package) -> dict[str, str | bool]:
    """What VERIFY.md prints the values of: the first finding in a parquet file, else the first, else a covered file."""
    first: tuple[int, dict[str, Any]] | None = None
    for line, match in enumerate(islice(package.records("matches"), LOOKED_AT), 1):
        first = first or (line, match)
        if match["row"]["row_group"] is not None:
            first = (line, match)
            break
    prefix = package.manifest["contents"]["exhibit_prefix"]
    if first is None:
        covered = next(package.records("coverage"), None)
        shard, exhibit, match = covered["shard"] if covered else "shard", "-", {}
        row: dict[str, Any] = {"row_number": 0, "row_group": 0, "row_in_group": 0}
    else:
        exhibit, match, row = f"{prefix}{first[0]:08d}", first[1], first[1]["row"]
        shard = row["shard"]
    work = match.get("work_file") or next((work["files"][0] for work in package.records("portfolio")), "work")
    parquet = row["row_group"] is not None and (first is not None or shard.endswith(".parquet"))
    return {
        "exhibit_no": exhibit,
        "match_id": match.get("match_id", "-"),
        "row_number": str(row["row_number"]),
        "row_group": str(row["row_group"] if parquet else 0),
        "row_in_group": str(row["row_in_group"] if parquet else 0),
        "parquet": parquet,
        **_spelled("shard", shard),
        **_spelled("work", work),
    }


def _spelled(name: str, path: str) -> dict[str, str]:
    """The last component of a stranger's file name, quoted for two shells; unspeakable ones get a neutral name."""
    last = path.rpartition("/")[2]
    safe = f"../{last}" if last and is_speakable(last) else f"../{name}-file"
    quoted = safe.replace("'", "''").replace("\N{RIGHT SINGLE QUOTATION MARK}", "\N{RIGHT SINGLE QUOTATION MARK}" * 2)
    return {f"{name}_sh": shlex.quote(safe), f"{name}_ps": f"'{quoted}'"}
