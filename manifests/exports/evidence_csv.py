"""``exports/evidence.csv``: one line a match, every field quoted, opening in a spreadsheet without surprises.

A summary in the sense of FRE 1006: each line says where the original row is.  The verifier makes the file again from
the records and compares byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from manifests.exports.cells import escape
from manifests.merkle import leaf_hash
from manifests.packages import parse_record
from manifests.records import host_of
from manifests.words import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from manifests.packages import Package
    from manifests.words import Lang

MAX_ROWS: Final = 1_000_000  # a sheet of Excel has 1,048,576
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

Raw = dict[str, "str | int | None"]

# Column, prefix, what it says in English and in Chinese (exports/columns.csv).
COLUMNS: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("exhibit_no", "", "Exhibit number: prefix and line of matches.jsonl", "证据编号：前缀与 matches.jsonl 行号"),
    ("grade", "", "A direct source, B strong, C medium, D weak (a lead)", "A 直接来源，B 强，C 中，D 弱（线索）"),
    ("tier", "", "What was compared: tier table version 1", "比对内容：层级表第 1 版"),
    ("statement", "", "The statement in words", "陈述"),
    ("work_title", "", "Declared title of the work", "申报的作品名称"),
    ("work_file", "", "File of the work in the portfolio", "作品集中的作品文件"),
    ("dataset", "", "Dataset", "数据集"),
    ("listed_url", "", "URL listed in the row", "该行所列网址"),
    ("caption", "", "Caption in the row", "该行的文字说明"),
    ("caveats", "", "Codes of the caveats; texts in the report", "限制说明代码，文字见报告"),
    ("match_id", "", "Id of the match", "匹配编号"),
    ("statement_code", "", "Code of the statement", "陈述代码"),
    ("work_id", "", "Id of the work", "作品编号"),
    ("work_sha256", "sha256:", "SHA-256 of the work's file", "作品文件的 SHA-256 值"),
    ("work_md5", "md5:", "MD5 of the work's file", "作品文件的 MD5 值"),
    ("registration_no", "id:", "Declared registration number", "申报的登记号"),
    ("registration_date", "", "Declared registration date", "申报的登记日期"),
    ("registration_office", "", "Declared registration office", "申报的登记机关"),
    ("first_published", "", "Declared date of first publication", "申报的首次发表日期"),
    ("published_url", "", "Declared URLs of publication", "申报的发表网址"),
    ("publisher", "", "Publisher of the dataset", "数据集发布者"),
    ("release", "", "Release of the dataset", "数据集版本"),
    ("shard_file", "", "File of the dataset", "数据集文件"),
    ("shard_sha256", "sha256:", "SHA-256 of that file", "该文件的 SHA-256 值"),
    ("shard_digest_checked", "", "Compared with the publisher's digest", "与发布者公布的摘要比对"),
    ("row_number", "", "Row in that file, counted from 0", "该文件中的行号，从 0 计"),
    ("item", "", "Element of the row's list, counted from 0", "该行列表中的元素，从 0 计"),
    ("row_group", "", "Row group of a parquet file, counted from 0", "parquet 文件的行组，从 0 计"),
    ("row_in_group", "", "Row in that row group, counted from 0", "行组中的行号，从 0 计"),
    ("row_key", "id:", "The row's own key", "该行自有的键"),
    ("row_values_sha256", "sha256:", "SHA-256 of all values of the row", "该行全部值的 SHA-256 值"),
    ("listed_host", "", "Host of the listed URL", "所列网址的主机"),
    ("listed_width", "", "Width recorded in the row", "该行记录的宽度"),
    ("listed_height", "", "Height recorded in the row", "该行记录的高度"),
    ("basis", "", "Kinds of comparison that held", "成立的比对种类"),
    ("recorded_digest", "", "Digest or fingerprint recorded in the row", "该行记录的摘要或指纹"),
    ("fingerprint", "", "Algorithm of the fingerprint", "指纹算法"),
    ("distance_bits", "", "Bits that differ", "不同的位数"),
    ("threshold_bits", "", "Limit for bits that differ", "不同位数的限值"),
    ("variant", "", "Form of the work that was compared", "参与比对的作品形态"),
    ("expected_chance_matches", "", "Rows expected as near by chance", "预计偶然同样接近的行数"),
    (
        "second_check",
        "",
        "Second check: passed, not passed, not run; blank where no fingerprint was compared",
        "第二项检查：通过、未通过、未进行；未比对指纹时为空",
    ),
    ("second_check_method", "", "Method of the second check", "第二项检查的方法"),
    ("observation", "", "live or archive", "实时或存档"),
    ("fetched_at", "", "When it was fetched (UTC)", "取得时间（UTC）"),
    ("fetch_outcome", "", "How the fetch ended", "访问结果"),
    ("final_url", "", "URL after redirects", "重定向后的网址"),
    ("content_sha256", "sha256:", "SHA-256 of what was returned", "返回内容的 SHA-256 值"),
    ("opt_out_signals", "", "Opt-out signals seen on that day", "当日所见的退出信号"),
    (
        "subsets",
        "",
        "Filters of known subsets, and whether the row's columns meet them",
        "已知子集的筛选条件及该行各列是否符合",
    ),
    ("archive", "", "Archive that made the capture", "存档机构"),
    ("archive_captured_at", "", "Date stated by the archive", "存档机构标注的日期"),
    ("capture_file", "", "Capture file in this package", "本包中的存档文件"),
    ("capture_record_id", "", "Record in that file", "该文件中的记录"),
    ("review_decision", "", "Decision of a reviewer", "复核决定"),
    ("reviewed_by", "", "Reviewer", "复核人"),
    ("reviewed_at", "", "When it was reviewed", "复核时间"),
    ("review_note", "", "The reviewer's note", "复核人备注"),
    ("tool_version", "", "Version of the tool", "工具版本"),
    ("run_id", "", "Id of the run", "运行编号"),
    ("manifest_sha256", "sha256:", "SHA-256 of data/manifest.json", "data/manifest.json 的 SHA-256 值"),
    ("merkle_leaf", "sha256:", "Merkle leaf of this match", "本条匹配的 Merkle 叶"),
    ("escaped_fields", "", "Cells that were escaped, and how", "经转义的单元格及方式"),
    ("truncated_fields", "", "Cells that were cut", "被截断的单元格"),
)
COLUMN_NAMES: Final = tuple(name for name, *_ in COLUMNS)
_WRITTEN: Final = tuple((name, prefix) for name, prefix, *_ in COLUMNS[:-2])


@dataclass(frozen=True, slots=True)
class _Context:
    """What a line needs beside its match: small tables by id, read once."""

    lang: Lang
    exhibit_prefix: str
    works: Mapping[str, Mapping[str, Any]]
    shards: Mapping[str, Mapping[str, Any]]
    publishers: Mapping[tuple[str, str | None], str | None]
    signals: Mapping[str, str]
    fixed: Raw


def raw_rows(package: Package, *, exhibit_prefix: str | None = None, lang: Lang | None = None) -> Iterator[Raw]:
    """The values of every match by column, before any cell rule, in the order of ``matches.jsonl``.

    ``exhibit_prefix`` and ``lang`` default to those of the package.  Integers stay integers; None is blank.
    """
    context = _context(package, exhibit_prefix, lang)
    for number, line in enumerate(package.lines("matches"), 1):
        raw = _raw_row(parse_record(line, f"matches.jsonl:{number}"), number, context)
        raw["merkle_leaf"] = leaf_hash(line).hex()
        if package.origins is not None:
            raw.update(package.origins[str(raw["match_id"])])
        yield raw


def csv_line(raw: Raw) -> bytes:
    """One line of the CSV, with its two last columns, and CRLF."""
    cells: list[str] = []
    escaped: list[str] = []
    truncated: list[str] = []
    for name, prefix in _WRITTEN:
        value = raw[name]
        if value is None:
            cells.append("")
            continue
        if isinstance(value, int):
            cells.append(str(value))
            continue
        cell = escape(value, prefix)
        if cell.escaped:
            escaped.append(f"{name}:{cell.escaped}")
        if cell.truncated:
            truncated.append(name)
        cells.append(cell.text)
    return quoted([*cells, ";".join(escaped), ";".join(truncated)])


def quoted(cells: Iterable[str]) -> bytes:
    """Fields quoted and separated by commas, ended by CRLF, as UTF-8."""
    cells = list(cells)
    line = '","'.join(cells)
    if line.count('"') != 2 * (len(cells) - 1):
        line = '","'.join(cell.replace('"', '""') for cell in cells)
    return f'"{line}"\r\n'.encode()


HEADER: Final = quoted(COLUMN_NAMES)


def evidence_csv(package: Package, *, rows_per_file: int = MAX_ROWS) -> Iterator[tuple[str, bytes]]:
    """The CSV as ``(file name, chunk)`` in writing order: ``evidence.csv``, then ``evidence-2.csv`` and on.

    Memory holds one line and the tables by work, shard and observation.
    """
    yield "evidence.csv", BYTE_ORDER_MARK + HEADER
    name = "evidence.csv"
    for index, raw in enumerate(raw_rows(package)):
        if index and index % rows_per_file == 0:
            name = f"evidence-{index // rows_per_file + 1}.csv"
            yield name, BYTE_ORDER_MARK + HEADER
        yield name, csv_line(raw)


# SHA-256 of each edition of columns.csv, oldest first and the present one last: a package keeps the words it was sealed with.
COLUMNS_EDITIONS: Final = (
    "092495fac3c8e005982977e00121d84fd3832f41227b4b07a78d05520762ed25",  # 0.1.0
    "42c177d68fd847c750b58eacb939bdaa0997a6aea430838647a46567aecb084e",
)


def columns_csv() -> bytes:
    """``exports/columns.csv``: what each column says, in both languages."""
    lines = [quoted([name, english, chinese]) for name, _, english, chinese in COLUMNS]
    return BYTE_ORDER_MARK + quoted(["column", "english", "中文"]) + b"".join(lines)


def _context(package: Package, exhibit_prefix: str | None, lang: Lang | None) -> _Context:
    manifest = package.manifest
    return _Context(
        lang=lang or manifest["contents"]["locale"],
        exhibit_prefix=exhibit_prefix or manifest["contents"]["exhibit_prefix"],
        works={work["work_id"]: work for work in package.records("portfolio") if work["status"] == "included"},
        shards={shard["shard_id"]: shard for shard in package.records("coverage") if shard["shard_id"]},
        publishers={(known["name"], known["release"]): known["publisher"] for known in manifest["datasets"]},
        signals=_signals(package),
        fixed={
            "tool_version": manifest["tool"]["version"],
            "run_id": manifest["run"]["run_id"],
            "manifest_sha256": package.manifest_sha256,
        },
    )


def _signals(package: Package) -> dict[str, str]:
    seen = {}
    for observation in package.records("observations"):
        if observation["opt_out"]:
            seen[observation["observation_id"]] = ";".join(
                f"{entry['signal']}={entry['value']}" for entry in observation["opt_out"]
            )
    return seen


def _raw_row(match: Mapping[str, Any], number: int, context: _Context) -> Raw:
    row = match["row"]
    return {
        "exhibit_no": f"{context.exhibit_prefix}{number:08d}",
        "grade": match["grade"],
        "tier": match["tier"],
        "statement": sentence(match, context.lang),
        "caveats": ";".join(match["caveats"]),
        "match_id": match["match_id"],
        "statement_code": match["statement_code"],
        "expected_chance_matches": match["expected_chance_matches"],
        "subsets": ";".join(f"{subset['rule']}={subset['state']}" for subset in match["subsets"]),
        **_work_cells(match, context),
        **_row_cells(row, context),
        **_comparison_cells(match),
        **_observation_cells(match["observation"], context),
        **_review_cells(match["review"]),
        **context.fixed,
    }


def _work_cells(match: Mapping[str, Any], context: _Context) -> Raw:
    work = context.works.get(match["work_id"] or "", {})
    registration = work.get("registration") or {}
    return {
        "work_title": work.get("title"),
        "work_file": match["work_file"],
        "work_id": match["work_id"],
        "work_sha256": match["work_sha256"],
        "work_md5": work.get("md5"),
        "registration_no": registration.get("no"),
        "registration_date": registration.get("date"),
        "registration_office": registration.get("office"),
        "first_published": work.get("first_published"),
        "published_url": " ".join(work.get("published_urls", ())),
    }


def _row_cells(row: Mapping[str, Any], context: _Context) -> Raw:
    publisher_digest = context.shards.get(row["shard_id"], {}).get("publisher_digest")
    checked = "none published" if publisher_digest is None else _EQUAL[publisher_digest["equal"]]
    return {
        "dataset": row["dataset"],
        "listed_url": row["url"],
        "caption": row["caption"],
        "publisher": context.publishers.get((row["dataset"], row["release"])),
        "release": row["release"],
        "shard_file": row["shard"],
        "shard_sha256": row["shard_sha256"],
        "shard_digest_checked": checked,
        "row_number": row["row_number"],
        "item": row["item"],
        "row_group": row["row_group"],
        "row_in_group": row["row_in_group"],
        "row_key": row["key"],
        "row_values_sha256": row["values_sha256"],
        "listed_host": host_of(row["url"]),
        "listed_width": row["width"],
        "listed_height": row["height"],
    }


# null: a digest is published, but the shard was read in part and could not be compared with it
_OUTCOME: Final = {None: "not run", True: "passed", False: "not passed"}
_EQUAL: Final = {True: "equal", False: "different", None: None}


def _comparison_cells(match: Mapping[str, Any]) -> Raw:
    basis, check = match["basis"], match["second_check"]
    near = next((entry for entry in basis if entry["kind"] == "fingerprint_near"), None)
    recorded = next((entry for entry in basis if entry["source_of_hash"] == "compiler"), None)
    return {
        "basis": ";".join(entry["kind"] for entry in basis),
        "recorded_digest": _prefixed(recorded) if recorded else None,
        "fingerprint": near["metric"].partition("/")[2] if near else None,
        "distance_bits": near["value"] if near else None,
        "threshold_bits": near["threshold"] if near else None,
        "variant": near["variant"] if near else None,
        "second_check": _OUTCOME[check and check["passed"]] if near or check else None,
        "second_check_method": check["method"] if check else None,
    }


def _prefixed(entry: Mapping[str, Any]) -> str:
    """A recorded digest with its algorithm in front, once."""
    algorithm = entry["metric"].rpartition("/")[2]
    value = str(entry["row_value"])
    return value if value.startswith(f"{algorithm}:") else f"{algorithm}:{value}"


def _observation_cells(observation: Mapping[str, Any] | None, context: _Context) -> Raw:
    seen: Mapping[str, Any] = observation or {}
    archive: Mapping[str, Any] = seen.get("archive") or {}
    capture: Mapping[str, Any] = seen.get("capture") or {}
    return {
        "observation": seen.get("kind"),
        "fetched_at": seen.get("fetched_at"),
        "fetch_outcome": seen.get("outcome"),
        "final_url": seen.get("final_url"),
        "content_sha256": seen.get("content_sha256"),
        "opt_out_signals": context.signals.get(seen.get("observation_id", "")),
        "archive": archive.get("name"),
        "archive_captured_at": archive.get("captured_at"),
        "capture_file": capture.get("file"),
        "capture_record_id": capture.get("record_id"),
    }


def _review_cells(review: Mapping[str, Any] | None) -> Raw:
    said: Mapping[str, Any] = review or {}
    return {
        "review_decision": said.get("decision"),
        "reviewed_by": said.get("by"),
        "reviewed_at": said.get("at"),
        "review_note": said.get("note"),
    }
