"""The words around the findings: headings, labels and explanations, in English and Chinese.

The sentence of a finding and its caveats are not here: they come from ``manifests.words`` and from nowhere else.
Every text here passes the claim linter (evidence.md section 2): bits and counts, never a share, never a claim about
who did what.
"""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from manifests.words import Lang

_LABELS: Final[dict[str, tuple[str, str]]] = {
    # the page
    "title": ("Scan report", "扫描报告"),
    "eyebrow": ("Training-data provenance scan", "训练数据来源扫描"),
    "aid": ("Illustrative aid, not the evidence", "示意性辅助材料，非证据本身"),
    "aid_long": (
        "This report is an illustrative aid (FRE 107). The evidence is the package's records; they stand.",
        "本报告为示意性辅助材料（FRE 107）。证据是其所属证据包中的记录；两者不一致时，以记录为准。",
    ),
    "claimant": ("Claimant, as declared", "申报人（自行申报）"),
    "asserted_by": ("Declared by", "作出申报者"),
    "declaration": ("Declaration", "申报内容"),
    "scanned_on": ("Scanned", "扫描时间"),
    "from_to": ("{start} to {end}", "{start} 至 {end}"),
    "run": ("Run", "运行编号"),
    "tool": ("Program", "程序"),
    "manifest_sha256": ("SHA-256 of data/manifest.json", "data/manifest.json 的 SHA-256"),
    "manifest_short": ("Manifest", "清单"),
    "previous": ("Follows the package with Manifest", "承接的证据包清单"),
    "contents": ("Contents", "目录"),
    # the summary
    "summary": ("Summary", "摘要"),
    "lead_some": (
        "There are findings for {works_with} of {works}.",
        "{works}中，有 {works_with} 件有发现。",
    ),
    "lead_no_work": (
        "There are {findings}, none of which concerns a single work.",
        "共 {findings}，均不涉及具体某件作品。",
    ),
    "lead_none": (
        "No match was found for any of the {works}.",
        "未发现与这 {works}匹配的行。",
    ),
    "lead_none_new": (
        "No match is stated here for any of the {works}; what was found before stands in the earlier packages.",
        "此处未列出与这 {works}匹配的行；此前的发现见较早的证据包。",
    ),
    "lead_more": (
        "{findings} in {rows} scanned of {datasets}.",
        "在 {datasets} 中已扫描 {rows}，共 {findings}。",
    ),
    "lead_rescan": (
        "New in this run: {appeared} appeared, {vanished} vanished, {changed} changed.",
        "本次运行的变化：新增 {appeared} 项，消失 {vanished} 项，变更 {changed} 项。",
    ),
    "rows_to_date": (
        "Chance figures count the {rows} that this case has scanned to date.",
        "偶然匹配的估计以本案迄今已扫描的 {rows}计。",
    ),
    "lead_rescan_none": ("Nothing new in this run.", "本次运行没有变化。"),
    "works_scanned": ("Works compared", "参与比对的作品"),
    "works_with": ("Works with findings", "有发现的作品"),
    "works_without": ("Works without a match", "未发现匹配的作品"),
    "rows_scanned": ("Rows scanned", "已扫描行数"),
    "grade": ("Grade", "级别"),
    "grade_A": ("Direct source", "直接来源"),
    "grade_B": ("Strong", "强"),
    "grade_C": ("Medium", "中"),
    "grade_D": ("Weak, a lead", "弱，仅为线索"),
    "grade_A_means": (
        "An image file in a shard was read and compared, or the row records a file digest equal to that of your file.",
        "已读取并比对分片中的图像文件，或该行记录的文件摘要与您的某个文件的摘要相等。",
    ),
    "grade_B_means": (
        "The row's recorded fingerprint, or a picture fetched on a stated date, came within the limit.",
        "该行记录的指纹，或在所述日期取得的图像，处于限值以内。",
    ),
    "grade_C_means": (
        "A web address that you declared for a work is listed. This grade does not rest on a picture.",
        "您为作品申报的网址列于其中。此等级不以图像为据。",
    ),
    "grade_D_means": (
        "Something to look at by hand. Alone it says nothing about inclusion.",
        "可供人工查看的线索，本身不说明是否收录。",
    ),
    "says": ("What this says", "本报告说明什么"),
    "says_1": (
        "Which rows of which files were read, what was compared in them, and how near it came.",
        "读取了哪些文件的哪些行，比对了什么，以及接近到何种程度。",
    ),
    "says_2": (
        "Where each row stands, so that anyone who has the file can look it up.",
        "每一行所在的位置，任何持有该文件的人均可查阅。",
    ),
    "says_3": (
        "How many rows would be expected to come as near by chance.",
        "预计有多少行会偶然达到同等接近程度。",
    ),
    "says_not": ("What it does not say", "本报告不说明什么"),
    "says_not_1": (
        "Who placed a picture at an address, and what any developer or model did with it: outside this package.",
        "何人将图像置于某网址，以及任何开发者或模型如何使用它。这不在本证据包范围之内。",
    ),
    "says_not_2": (
        "What an address returned on any day but the stated one.",
        "网址在所述日期以外的任何一天返回过什么。",
    ),
    "says_not_3": (
        "Anything about rows and files that were not compared; they are listed under “What was compared”.",
        "关于未比对的行和文件的任何情况；它们列于“比对了什么”。",
    ),
    "says_not_4": (
        "Who holds the rights in a work. Titles, dates and addresses of works are declarations.",
        "作品的权利归属。作品的标题、日期和网址均系申报。",
    ),
    "not_listed": (
        "{n} further rows of the kind “{tier}” are counted, not listed: over the limit, or under a name or picture many rows share.",
        "另有 {n} 行“{tier}”类结果仅在此计数，未逐条列出：超出配置的上限，或该名称、图像为许多行所共有。",
    ),
    "reviewed": (
        "Reviewed by a person: {confirmed} confirmed, {rejected} rejected, {undecided} undecided, {unreviewed} open.",
        "人工复核：确认 {confirmed} 项，否定 {rejected} 项，未定 {undecided} 项，尚未复核 {unreviewed} 项。",
    ),
    "limits_of_scan": ("Limits of this scan", "本次扫描的限制"),
    # the works
    "findings": ("Findings by work", "按作品列出的发现"),
    "works_table": ("Works with findings, in order", "有发现的作品（依次）"),
    "no_findings": ("No findings.", "没有发现。"),
    "without_work": ("Findings that concern no single work", "不涉及具体某件作品的发现"),
    "work": ("Work", "作品"),
    "work_file": ("Work file", "作品文件"),
    "work_title": ("Title, as declared", "标题（自行申报）"),
    "work_sha256": ("SHA-256 of the work file", "作品文件的 SHA-256"),
    "work_size": ("Picture size", "图像尺寸"),
    "registration": ("Registration, as declared", "登记（自行申报）"),
    "first_published": ("First published, as declared", "首次发表（自行申报）"),
    "published_urls": ("Published at, as declared", "发表网址（自行申报）"),
    "exhibit": ("Exhibit", "证据编号"),
    "exhibits": ("Exhibits {first} to {last}", "证据编号 {first} 至 {last}"),
    "group_fingerprint": ("{rows} with the fingerprint {value}", "指纹为 {value} 的 {rows}"),
    "group_digest": ("{rows} with the digest {value}", "摘要为 {value} 的 {rows}"),
    "group_url": ("{rows} listing “{value}”", "列有“{value}”的 {rows}"),
    "group_other": ("{rows} with “{value}”", "含有“{value}”的 {rows}"),
    "rest_of_group": ("The other rows of this group", "本组的其他行"),
    "more_in_csv": (
        "{n} further findings of this work are not shown here. All are in exports/evidence.csv and matches.jsonl.",
        "本作品另有 {n} 项发现未在此显示。全部发现见 exports/evidence.csv 和 matches.jsonl。",
    ),
    "more_works": (
        "{n} further works with findings are not shown here. All are in exports/evidence.csv and matches.jsonl.",
        "另有 {n} 件有发现的作品未在此显示。全部见 exports/evidence.csv 和 matches.jsonl。",
    ),
    "more_lines": ("{n} more are in {file}.", "其余 {n} 条见 {file}。"),
    "selected": (
        "This copy shows {shown} chosen findings of {all}.",
        "本副本仅显示所选的 {shown} 项发现（共 {all} 项）。",
    ),
    # a finding
    "where": ("Where the row stands", "该行所在位置"),
    "dataset": ("Dataset", "数据集"),
    "shard": ("File (shard)", "文件（分片）"),
    "shard_sha256": ("SHA-256 of the shard", "分片的 SHA-256"),
    "shard_id": ("Id of the shard (no digest of the whole)", "分片编号（无整体摘要）"),
    "row": ("Row (from 0)", "行号（从 0 计）"),
    "item": ("Item in the row's list, from 0", "行内列表项（从 0 计）"),
    "row_group": ("Row group and position in it", "行组及组内位置"),
    "row_group_value": ("{group}, position {position}", "{group}，位置 {position}"),
    "row_key": ("Row key", "行键"),
    "url": ("URL listed", "所列网址"),
    "caption": ("Caption", "文字说明"),
    "row_size": ("Size recorded in the row", "该行记录的尺寸"),
    "row_values": ("The row, verbatim", "该行原文"),
    "row_details": ("The whole row, and what is needed to look it up", "该行全文及查阅所需信息"),
    "for_lookup": ("To look it up", "查阅所需"),
    "row_values_sha256": ("SHA-256 of the row's values", "该行各值的 SHA-256"),
    "row_values_more": (
        "{n} further columns and cut texts: data/{file}",
        "另有 {n} 列及被截断的文本：data/{file}",
    ),
    "compared": ("What was compared", "比对了什么"),
    "basis": ("Comparison", "比对"),
    "kind_digest_equal": ("file digest, equal", "文件摘要，相等"),
    "kind_fingerprint_near": ("fingerprint, near", "指纹，接近"),
    "kind_url_equal": ("URL, equal after normalisation", "网址，规范化后相同"),
    "kind_asset_equal": ("asset key, equal", "资源标识，相同"),
    "kind_host_equal": ("host or profile, equal", "主机或主页，相同"),
    "kind_caption_contains": ("caption, contains the name", "文字说明，含有该名称"),
    "source_compiler": ("recorded by the dataset's maker", "由数据集制作者记录"),
    "source_shard_bytes": ("computed from the image file in the shard", "由分片中的图像文件计算"),
    "source_live_bytes": ("computed from the file fetched", "由所取得的文件计算"),
    "source_archive_bytes": ("computed from the archived file", "由存档文件计算"),
    "source_index": ("from an index built by others", "来自他人建立的索引"),
    "column": ("column {column}", "{column} 列"),
    "distance": ("Distance", "距离"),
    "distance_value": (
        "{distance} of {bits} bits differ ({algorithm}), limit {threshold}",
        "{bits} 位中有 {distance} 位不同（{algorithm}），限值 {threshold}",
    ),
    "distance_nolimit": (
        "{distance} of {bits} bits differ ({algorithm})",
        "{bits} 位中有 {distance} 位不同（{algorithm}）",
    ),
    "variant": ("Form of the work", "作品形态"),
    "work_value": ("Value of the work", "作品的值"),
    "row_value": ("Value of the row", "该行的值"),
    "name_rows": ("Rows with this name", "含有该名称的行"),
    "name_rows_value": (
        "{rows} of all rows scanned; {hosts} of them on declared hosts, {styled} beside a phrase such as “in the style of”",
        "已扫描的行中共 {rows} 行；其中 {hosts} 行在申报的主机上，{styled} 行与“……风格”一类措辞相邻",
    ),
    "equal_value": ("Equal value", "相等的值"),
    "chance": ("Chance figure", "偶然匹配数"),
    "chance_value": (
        "{chance} rows of this scan, or fewer, are expected to come as near by chance",
        "据估计，本次扫描中偶然达到同等接近程度的行数不超过 {chance}",
    ),
    "second_check": ("Second check", "第二项检查"),
    "second_check_passed": (
        "passed: {value}, limit {threshold} ({method})",
        "通过：{value}，限值 {threshold}（{method}）",
    ),
    "second_check_failed": (
        "did not pass: {value}, limit {threshold} ({method})",
        "未通过：{value}，限值 {threshold}（{method}）",
    ),
    "second_check_not_run": ("not run", "未进行"),
    "observation": ("Fetched", "取得"),
    "observation_not_asked": ("Not asked for", "未请求"),
    "observation_live": ("{fetched_at}, outcome {outcome}", "{fetched_at}，结果 {outcome}"),
    "observation_archive": (
        "{fetched_at}, from {archive}, dated {captured_at} by it",
        "{fetched_at}，取自 {archive}，其标注日期 {captured_at}",
    ),
    "final_url": ("Final URL", "最终网址"),
    "content_sha256": ("SHA-256 of the file returned", "返回文件的 SHA-256"),
    "capture": ("Capture", "存档文件"),
    "opt_out": ("Opt-out signals seen on that day", "当日所见的退出信号"),
    "subsets": ("Filters of known subsets", "已知子集的筛选条件"),
    "state_eligible": ("the row's columns meet the filter", "该行各列符合该筛选条件"),
    "state_not_eligible": ("the row's columns do not meet the filter", "该行各列不符合该筛选条件"),
    "subset_rule": ("{rule}, as written in", "{rule} 的出处"),
    "state_unknown": ("a column is missing, not decided", "缺少某列，未作判断"),
    "caveats": ("Caveats", "注意事项"),
    "review": ("Review by a person", "人工复核"),
    "review_confirmed": ("confirmed", "确认"),
    "review_rejected": ("rejected", "否定"),
    "review_undecided": ("undecided", "未定"),
    "review_value": ("{decision}, by “{by}”, {at}", "{decision}，复核人“{by}”，{at}"),
    "review_note": ("Note", "备注"),
    "match_id": ("Finding", "发现编号"),
    "merkle_leaf": ("Line of matches.jsonl", "matches.jsonl 行号"),
    # pictures
    "pictures": ("Pictures", "图像"),
    "picture_pair": ("Left the work, right the file compared", "左：作品；右：所比对的文件"),
    "picture_work": ("The work", "作品"),
    "picture_row": ("The file compared", "所比对的文件"),
    "picture_overlay": ("One laid over the other", "两者叠合"),
    "picture_difference": ("Difference, grey where they agree", "差异；一致处为灰色"),
    "picture_rendition": (
        "The work, in grey",
        "作品（灰度）",
    ),
    "picture_rendition_row": (
        "The file compared, in grey",
        "所比对的文件（灰度）",
    ),
    "picture_other": ("Picture {name}", "图像 {name}"),
    "bits_work": ("Its fingerprint", "其指纹"),
    "bits_row": ("The row's; ringed where they differ", "该行的指纹，不同处加框"),
    "no_row_picture": (
        "The row holds no picture. These fingerprints are what was compared.",
        "该行不含图像。所比对的即为这些指纹。",
    ),
    "pictures_left_out": (
        "Pictures beyond the size limit of this report are in thumbnails/.",
        "超出本报告大小限制的图像见 thumbnails/。",
    ),
    # negatives
    "negatives": ("Works without a match", "未发现匹配的作品"),
    "negatives_none": ("Each work compared has at least one finding.", "参与比对的每件作品均至少有一项发现。"),
    "excluded": ("Files that could not be compared", "无法比对的文件"),
    # coverage
    "coverage": ("What was compared, and what was not", "比对了什么，未比对什么"),
    "coverage_intro": (
        "A row counts only where the comparison was made for it. The full list, file by file, is coverage.jsonl.",
        "仅当对该行进行了某项比对，才计入相应栏目。逐文件的完整清单见 coverage.jsonl。",
    ),
    "release": ("release {release}", "版本 {release}"),
    "publisher": ("Publisher", "发布者"),
    "source": ("Source", "来源"),
    "layout": ("Layout", "列布局"),
    "dataset_statement": ("What its publisher says of it", "发布者对其的说明"),
    "shards": ("Files", "文件"),
    "shards_value": (
        "{scanned} scanned, {skipped} skipped, {failed} failed",
        "已扫描 {scanned} 个，跳过 {skipped} 个，失败 {failed} 个",
    ),
    "rows_of": ("{scanned} of {total}", "{scanned}／{total}"),
    "compared_rows": ("Rows compared by", "比对方式与行数"),
    "compared_digest": ("file digest", "文件摘要"),
    "compared_fingerprint": ("fingerprint", "指纹"),
    "compared_image": ("picture", "图像"),
    "compared_url": ("URL", "网址"),
    "compared_caption": ("caption", "文字说明"),
    "row_faults": ("Rows with faults", "有缺陷的行"),
    "row_faults_none": ("none", "无"),
    "not_scanned": ("Files not scanned, or not wholly", "未扫描或未完整扫描的文件"),
    "not_scanned_none": ("Every listed file was scanned.", "所列文件均已扫描。"),
    "status_scanned": ("scanned", "已扫描"),
    "status_skipped": ("skipped", "跳过"),
    "status_failed": ("failed", "失败"),
    "in_part": ("{scanned} of {total} rows", "{total} 行中的 {scanned} 行"),
    "hosts": ("Where the listed addresses point", "所列网址的主机"),
    "host": ("Host", "主机"),
    "domain": ("Domain", "域名"),
    "domain_hosts": ("Hosts", "主机数"),
    "platform": ("Platform", "平台"),
    "platform_none": ("Other sites", "其他网站"),
    "by_platform": ("By platform", "按平台"),
    "by_domain": ("By domain", "按域名"),
    "by_host": ("By host", "按主机"),
    "host_findings": ("Findings", "发现数"),
    "host_works": ("Works", "作品数"),
    # changes
    "changes": ("What changed since the package before", "与前一证据包相比的变化"),
    "change_appeared": ("appeared", "新增"),
    "change_vanished": ("vanished", "消失"),
    "change_changed": ("changed", "变更"),
    "change_line": (
        "{change}: {work}, {dataset}, row {row} of {shard}",
        "{change}：{work}，{dataset}，{shard} 第 {row} 行",
    ),
    "a_work_of_claimant": ("a work of the claimant", "申报人的一件作品"),
    # method
    "method": ("How it was done", "方法"),
    "fingerprints": ("Fingerprints", "指纹"),
    "variants": ("Forms of each work that were compared", "每件作品参与比对的形态"),
    "method_fixed": ("Limits fixed, before the first row was read", "限值确定时间（读取首行之前）"),
    "comparisons": ("Pairs decided (form of a work, row)", "已判定的配对数（作品形态与行）"),
    "chance_total": ("Rows expected by chance in all, all works", "全部作品的预计偶然匹配总行数"),
    "chance_total_value": (
        "{value} (in 95 of 100 such scans, between {low} and {high} rows)",
        "{value}（100 次此类扫描中，有 95 次在 {low} 至 {high} 行之间）",
    ),
    "control": ("Control: the same limits on decoys", "对照：对诱饵作品适用同一限值"),
    "control_value": ("{works} decoys, {findings} findings", "{works} 件诱饵，{findings} 项发现"),
    "control_none": ("none in this scan", "本次扫描未设"),
    "self_test": ("Self-test before the scan", "扫描前自检"),
    "self_test_value": ("{passed} of {total} vectors passed", "{total} 个向量中通过 {passed} 个"),
    "clock": ("Clock checked against a time source", "时钟是否核对"),
    "clock_yes": ("yes", "是"),
    "clock_no": ("no", "否"),
    "clock_unknown": ("unknown", "未知"),
    "command": ("Command", "命令"),
    "none": ("none", "无"),
    # checking
    "check": ("How to check this", "如何核验"),
    "check_1": (
        "VERIFY.md leads through seven steps with ordinary tools; this program is not needed for them.",
        "VERIFY.zh.md 用通用工具分七步核验，无需本程序。",
    ),
    "check_2": (
        "Each finding names its file and row. Get the file from its publisher, compare the digest, look at the row.",
        "每项发现均注明文件和行。请从发布者处取得该文件，比对摘要，查看该行。",
    ),
    "check_3": (
        "The digest below is that of data/manifest.json, from which all other files of the package can be checked.",
        "下方为 data/manifest.json 的摘要，由它可核对证据包中的其他全部文件。",
    ),
    "self_look": (
        "Nothing here is loaded from elsewhere. Addresses are text on purpose: opening them calls on their hosts.",
        "本页不从他处加载任何内容。网址特意以文本形式列出：打开它们会访问相应主机。",
    ),
    # tables and other exports
    "sheet_matches": ("Matches", "匹配"),
    "sheet_negatives": ("Works without a match", "未发现匹配的作品"),
    "sheet_coverage": ("Coverage", "覆盖范围"),
    "sheet_columns": ("Columns", "列说明"),
    "sheet_about": ("About", "关于"),
    "table_about": (
        "A summary of the package's records (FRE 1006). Each line says where the original row is.",
        "证据包记录的摘要（FRE 1006）。每行均注明原始行所在位置。",
    ),
    "page_of": ("Page {page}", "第 {page} 页"),
    "page": ("Page", "页"),
    # the terminal
    "show_package": ("Package", "证据包"),
    "show_more": ("… and {n} more, see exports/evidence.csv", "……另有 {n} 项，见 exports/evidence.csv"),
    "show_report": ("The report with pictures is {path}", "带图像的报告：{path}"),
    "show_checked": (
        "Shown as recorded. To check the package: provscan verify {path}",
        "按记录显示。核验证据包：provscan verify {path}",
    ),
}

_COUNTED: Final[dict[str, tuple[str, str, str]]] = {
    "finding": ("finding", "findings", " 项发现"),
    "row": ("row", "rows", " 行"),
    "work": ("work", "works", " 件作品"),
    "dataset": ("dataset", "datasets", " 个数据集"),
}

TIER_NAMES: Final[dict[str, tuple[str, str]]] = {
    "packaged_image": ("Image file in a shard", "分片中的图像文件"),
    "compiler_digest": ("File digest recorded in the row", "该行记录的文件摘要"),
    "compiler_fingerprint": ("Fingerprint recorded in the row", "该行记录的指纹"),
    "live_image": ("Picture returned by the URL", "网址返回的图像"),
    "archived_image": ("Picture in an archive's capture", "存档中的图像"),
    "url_listed": ("Declared URL listed", "申报的网址列于其中"),
    "asset_listed": ("Declared URL listed at another size", "申报的网址以其他尺寸列于其中"),
    "fingerprint_lead": ("Lead: a fingerprint is near", "线索：指纹接近"),
    "host_listed": ("Lead: declared host listed", "线索：申报的主机列于其中"),
    "caption_names": ("Lead: declared name in a caption", "线索：文字说明含申报名称"),
}
"""Short names of the tiers for headings; never a substitute for the sentence."""


def label(code: str, lang: Lang, **values: object) -> str:
    """The text of ``code`` with ``values`` filled in; integers get thin grouping (``1 234 567``).

    Raises:
        KeyError: no such code, or a value that the text asks for is missing.
    """
    return Formatter().vformat(_LABELS[code][_column(lang)], (), {key: _shown(value) for key, value in values.items()})


def counted(noun: str, count: int, lang: Lang) -> str:
    """A count with its noun, ``1 finding``, ``2 findings``; nouns are ``finding``, ``row``, ``work``, ``dataset``."""
    one, many, chinese = _COUNTED[noun]
    if lang == "zh":
        return f"{number(count)}{chinese}"
    return f"{number(count)} {one if count == 1 else many}"


def has_label(code: str) -> bool:
    """Whether a text of this code exists; for codes that come from records of a newer version."""
    return code in _LABELS


def known_or_code(code: str, lang: Lang) -> str:
    """The text of ``code``, or its last part as it stands: a record may carry a word this version has no text for."""
    return label(code, lang) if code in _LABELS else code.partition("_")[2]


def tier_name(tier: str, lang: Lang) -> str:
    """Short name of a tier, for headings and tables."""
    return TIER_NAMES[tier][_column(lang)] if tier in TIER_NAMES else tier


def number(value: int) -> str:
    """Grouped with a narrow no-break space: comma and point mean different things to different readers."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def all_texts(lang: Lang) -> dict[str, str]:
    """Every template by code, for the claim linter and for the test that both languages fill the same values."""
    column = _column(lang)
    return {code: pair[column] for code, pair in {**_LABELS, **TIER_NAMES}.items()}


def _column(lang: Lang) -> int:
    return 1 if lang == "zh" else 0


def _shown(value: object) -> str:
    return number(value) if isinstance(value, int) else str(value)
