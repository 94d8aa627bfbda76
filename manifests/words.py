"""The words: every sentence and caveat that a finding may carry, in English and Chinese, and nothing else.

This is the table of evidence.md section 2, verbatim.  A sentence says what was compared and no more; the claim linter
(a test) holds every line of it.  Third-party text (URLs, captions, names) only ever enters as an argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from manifests.tiers import Caveat, Limitation, StatementCode

if TYPE_CHECKING:
    from collections.abc import Mapping

Lang = Literal["en", "zh"]

_ROW: Final = {
    "en": "row {row_number} (counted from 0) of {shard}, {edition}",
    "zh": "{edition} 的文件 {shard} 第 {row_number} 行（从 0 计）",
}
_WORK: Final = {"en": "the work file {file}", "zh": "作品文件 {file}"}
_SOME_WORK: Final = {"en": "a work of the claimant", "zh": "申报人的一件作品"}
_NEAR: Final = {
    "en": "differs from {WORK} (form: {variant}) in {distance} of {bits} bits of the {algorithm} fingerprint, "
    "limit {threshold}",
    "zh": "与{WORK}（形态：{variant}）的 {algorithm} 指纹在 {bits} 位中有 {distance} 位不同，限值 {threshold}",
}

_REGION: Final = {  # where only a part of the dataset's image was compared
    "en": "; compared with the region {region} of the image, in px: left, top, right, bottom",
    "zh": "；与该图像的区域 {region} 比对，单位像素：左、上、右、下",
}

STATEMENTS: Final[dict[StatementCode, dict[str, str]]] = {
    StatementCode.PACKAGED_DIGEST_EQUAL: {
        "en": "An image file in {ROW} has the same SHA-256 as {WORK}.",
        "zh": "{ROW}中的图像文件与{WORK}的 SHA-256 值相同。",
    },
    StatementCode.PACKAGED_MATCHED: {
        "en": "An image file in {ROW} {NEAR}; the second check ({second_method}) passed.",
        "zh": "{ROW}中的图像文件{NEAR}；第二项检查（{second_method}）通过。",
    },
    StatementCode.COMPILER_SHA256_EQUAL: {
        "en": "The metadata in {ROW} records a SHA-256 equal to that of the file {file}.",
        "zh": "{ROW}的元数据所记录的 SHA-256 值与文件 {file} 的 SHA-256 值相同。",
    },
    StatementCode.COMPILER_MD5_EQUAL: {
        "en": "The metadata in {ROW} records an MD5 equal to that of the file {file}.",
        "zh": "{ROW}的元数据所记录的 MD5 值与文件 {file} 的 MD5 值相同。",
    },
    StatementCode.COMPILER_FINGERPRINT_NEAR: {
        "en": "The perceptual hash recorded in {ROW} {NEAR}; by estimate {chance} rows of this scan, or fewer, "
        "come as near by chance.",
        "zh": "{ROW}的元数据所记录的感知哈希{NEAR}；据估计，本次扫描中偶然达到同等接近程度的行数不超过 {chance}。",
    },
    StatementCode.LIVE_DIGEST_EQUAL: {
        "en": "On {fetched_at} the URL listed in {ROW} returned a file with the same SHA-256 as {WORK}.",
        "zh": "{fetched_at}，{ROW}所列网址返回的文件与{WORK}的 SHA-256 值相同。",
    },
    StatementCode.LIVE_MATCHED: {
        "en": "On {fetched_at} the URL listed in {ROW} returned an image that {NEAR}; the second check "
        "({second_method}) passed.",
        "zh": "{fetched_at}，{ROW}所列网址返回的图像{NEAR}；第二项检查（{second_method}）通过。",
    },
    StatementCode.ARCHIVED_DIGEST_EQUAL: {
        "en": "A capture of the URL listed in {ROW}, dated {captured_at} by {archive} and retrieved on {fetched_at}, "
        "has the same SHA-256 as {WORK}.",
        "zh": "{ROW}所列网址的存档（{archive} 标注日期 {captured_at}，{fetched_at} 取得）与{WORK}的 SHA-256 值相同。",
    },
    StatementCode.ARCHIVED_MATCHED: {
        "en": "A capture of the URL listed in {ROW}, dated {captured_at} by {archive} and retrieved on {fetched_at}, "
        "holds an image that {NEAR}; the second check ({second_method}) passed.",
        "zh": "{ROW}所列网址的存档（{archive} 标注日期 {captured_at}，{fetched_at} 取得）中的图像{NEAR}；"
        "第二项检查（{second_method}）通过。",
    },
    StatementCode.URL_LISTED: {
        "en": "The URL {url} is listed in {ROW}; after the recorded normalisation it equals a URL declared by the "
        "claimant for {WORK}.",
        "zh": "{ROW}列有网址 {url}；按所记录的规则规范化后，与申报人为{WORK}申报的网址相同。",
    },
    StatementCode.ASSET_LISTED: {
        "en": "The URL {url} is listed in {ROW}; its asset key {asset_key} is that of a URL declared by the claimant "
        "for {WORK}, at another size or rendition.",
        "zh": "{ROW}列有网址 {url}；其资源标识 {asset_key} 与申报人为{WORK}申报的网址的资源标识相同，尺寸或版本不同。",
    },
    StatementCode.LEAD_BY_CHANCE: {
        "en": "A fingerprint for {ROW} (source: {source}) {NEAR}; by estimate up to {chance} rows of this scan come as "
        "near by chance. Lead only.",
        "zh": "{ROW}的指纹（来源：{source}）{NEAR}；据估计，本次扫描中偶然达到同等接近程度的行数可达 {chance}。"
        "仅为线索。",
    },
    StatementCode.LEAD_UNCHECKED: {
        "en": "A fingerprint for {ROW} (source: {source}) {NEAR}; no second check was run. Lead only.",
        "zh": "{ROW}的指纹（来源：{source}）{NEAR}；未进行第二项检查。仅为线索。",
    },
    StatementCode.LEAD_CHECK_FAILED: {
        "en": "A fingerprint for {ROW} (source: {source}) {NEAR}; the second check ({second_method}) did not pass. "
        "Lead only.",
        "zh": "{ROW}的指纹（来源：{source}）{NEAR}；第二项检查（{second_method}）未通过。仅为线索。",
    },
    StatementCode.HOST_LISTED: {
        "en": "The URL {url} is listed in {ROW}; its host or profile {host} is declared by the claimant. No picture "
        "was compared.",
        "zh": "{ROW}列有网址 {url}；其主机或主页 {host} 由申报人申报。未比对任何图像。",
    },
    StatementCode.CAPTION_NAMES: {
        "en": 'The caption in {ROW} contains "{name}", declared by the claimant as a name or title. No picture was '
        "compared.",
        "zh": "{ROW}的文字说明含有申报人申报的名称或标题“{name}”。未比对任何图像。",
    },
    StatementCode.NO_MATCH: {
        "en": "For {WORK} no match was found in the {rows_scanned} rows scanned. What was compared, and what was not, "
        "is in coverage.jsonl.",
        "zh": "在已扫描的 {rows_scanned} 行中，未发现与{WORK}匹配的行。比对与未比对的内容见 coverage.jsonl。",
    },
}

CAVEATS: Final[dict[str, dict[str, str]]] = {
    Caveat.URL_NOT_IMAGE: {
        "en": "The row lists a URL; it holds no image.",
        "zh": "该行仅列网址，不含图像。",
    },
    Caveat.CONTENT_TODAY: {
        "en": "Shows what was returned on the date stated, and no other.",
        "zh": "仅反映所述日期返回的内容。",
    },
    Caveat.LIVE_IMAGE_DIFFERS: {
        "en": "On the date stated the URL returned another picture.",
        "zh": "所述日期该网址返回的是另一图像。",
    },
    Caveat.ARCHIVE_THIRD_PARTY: {
        "en": "Capture and date are the archive's own statement.",
        "zh": "存档及其日期均为该存档机构的陈述。",
    },
    Caveat.COPY_NOT_EQUAL: {
        "en": "The compared file is a resized, cropped or re-encoded form; the bytes differ.",
        "zh": "所比对文件经缩放、裁剪或重新编码，字节不同。",
    },
    Caveat.MD5_COLLISION: {
        "en": "Files with equal MD5 can be made on purpose.",
        "zh": "可人为制造 MD5 值相同的文件。",
    },
    Caveat.HASH_COLUMN_ASSUMED: {
        "en": "The meaning of the hash column is taken from the dataset's description.",
        "zh": "哈希列的含义依数据集说明认定。",
    },
    Caveat.INDEX_HASH: {
        "en": "The fingerprint comes from an index; the picture was not at hand.",
        "zh": "指纹来自索引，未取得图像本身。",
    },
    Caveat.MACHINE_CAPTION: {
        "en": "The caption column is machine-made; the name in it is a program's choice.",
        "zh": "该说明由程序生成，其中名称出自程序。",
    },
    Caveat.CHANCE_MATCHES_HIGH: {
        "en": "More than 0.001 rows are expected to come as near by chance.",
        "zh": "预计偶然接近的行数大于 0.001。",
    },
    Caveat.SECOND_CHECK_NOT_RUN: {"en": "No second check was run.", "zh": "未进行第二项检查。"},
    # Section 2 shortens this pair to one table cell ("It did not pass"); alone it would not say what "it" is.
    Caveat.SECOND_CHECK_FAILED: {"en": "The second check did not pass.", "zh": "第二项检查未通过。"},
    Caveat.LOW_DETAIL: {
        "en": "The picture has little detail; chance matches are more frequent.",
        "zh": "图像细节少，偶然匹配更常见。",
    },
    Caveat.COMMON_PICTURE: {
        "en": "Many rows with other URLs are as near: a stock motif or placeholder is possible.",
        "zh": "多个其他网址的行同样接近，可能为通用图案或占位图。",
    },
    Caveat.SEVERAL_WORKS: {
        "en": "Other works of this portfolio are as near, or declare the same URL.",
        "zh": "本作品集中另有作品同样接近或申报同一网址。",
    },
    Caveat.URL_DECLARED: {
        "en": "That the work was published at the URL is the claimant's declaration.",
        "zh": "作品发表于该网址系申报人的申报。",
    },
    Caveat.HOST_SHARED: {
        "en": "The host serves, or the name belongs to, other people too.",
        "zh": "该主机或名称亦为他人所用。",
    },
    Caveat.NAME_SHARED: {
        "en": "The host serves, or the name belongs to, other people too.",
        "zh": "该主机或名称亦为他人所用。",
    },
    Caveat.SHARD_DIGEST_UNCONFIRMED: {
        "en": "No digest by the publisher was at hand to compare the shard with.",
        "zh": "无发布者公布的摘要可供比对。",
    },
    Caveat.SHARD_READ_IN_PART: {
        "en": "Only columns, or only a part, of the shard was read; its digest is the publisher's or absent.",
        "zh": "仅读取该分片的部分内容；其摘要来自发布者或缺失。",
    },
    Caveat.TEXT_NOT_VERBATIM: {
        "en": "Invalid characters are shown as U+FFFD, or the text is cut; see rows/ for the bytes or their digest.",
        "zh": "无效字符以 U+FFFD 显示或文本被截断；字节或其摘要见 rows/。",
    },
    Caveat.WITHHELD_UNSAFE: {
        "en": "The dataset marks the row as unsafe; no picture was stored.",
        "zh": "数据集将该行标为不安全，未保存图像。",
    },
    Limitation.FETCH_OFF: {"en": "No URL was fetched.", "zh": "未访问任何网址。"},
    Limitation.NO_RECORDED_HASH: {
        "en": "A dataset has no hash column; its pictures were compared only where fetched or packaged.",
        "zh": "数据集无哈希列，仅比对已取得或随附的图像。",
    },
    Limitation.INCOMPLETE: {
        "en": "Some shards or fetches could not be finished; see coverage.jsonl.",
        "zh": "部分分片或访问未完成，见 coverage.jsonl。",
    },
    Limitation.CHOSEN_BY_CLAIMANT: {
        "en": "Works and datasets were chosen by the claimant.",
        "zh": "作品与数据集由申报人选定。",
    },
    Limitation.CLOCK_UNCHECKED: {
        "en": "The computer's clock was not checked against a time source.",
        "zh": "未核对计算机时钟。",
    },
}


_NOT_COMPARED: Final[dict[Lang, str]] = {"en": " No picture was compared.", "zh": "未比对任何图像。"}


def sentence(match: Mapping[str, Any], lang: Lang = "en") -> str:
    """The one sentence of a line of ``matches.jsonl`` or ``negatives.jsonl``, its values filled in verbatim.

    Control characters of third-party text are still in it: whoever prints it escapes for his medium.

    Raises:
        KeyError, ValueError: the record has an unknown ``statement_code`` or lacks what its sentence names.
    """
    code = StatementCode(match["statement_code"])
    template = STATEMENTS[code][lang]
    if code in {StatementCode.HOST_LISTED, StatementCode.CAPTION_NAMES} and _picture_came(match["observation"]):
        template = template.removesuffix(_NOT_COMPARED[lang])
    return template.format_map(_arguments(match, lang))


def _picture_came(observation: Mapping[str, Any] | None) -> bool:
    """Whether the row's address returned a picture: then it was compared, and none of it is what the finding rests on."""
    return observation is not None and observation["outcome"] == "image"


def _arguments(match: Mapping[str, Any], lang: Lang) -> dict[str, object]:
    if match["statement_code"] == StatementCode.NO_MATCH:
        return {"WORK": _work(match["work_file"], lang), "rows_scanned": match["rows_scanned"]}
    row, first = match["row"], match["basis"][0]
    observation, second_check = match["observation"], match["second_check"]
    file = (first["detail"] or {}).get("file") or match["work_file"]
    edition = f"{row['dataset']} {row['release']}" if row["release"] is not None else row["dataset"]
    arguments: dict[str, object] = {
        "ROW": _ROW[lang].format(row_number=row["row_number"], shard=row["shard"], edition=edition),
        "WORK": _work(file, lang),
        "file": file,
        "url": row["url"],
        "asset_key": first["value"],
        "host": first["value"],
        "name": first["value"],
        "source": first["source_of_hash"],
        "chance": match["expected_chance_matches"],
    }
    if first["metric"].startswith("hamming/"):
        arguments["NEAR"] = _near(first, _work(match["work_file"], lang), lang)
    if second_check is not None:
        arguments["second_method"] = second_check["method"]
    if observation is not None:
        archive = observation["archive"] or {"name": None, "captured_at": None}
        arguments |= {"fetched_at": observation["fetched_at"], "archive": archive["name"]}
        arguments["captured_at"] = archive["captured_at"]
    return arguments


def _near(first: Mapping[str, Any], work: str, lang: Lang) -> str:
    algorithm = first["metric"].partition("/")[2]
    region = (first["detail"] or {}).get("region")
    form = str(first["variant"])
    if region is not None:
        form += _REGION[lang].format(region=region)
    return _NEAR[lang].format(
        WORK=work,
        variant=form,
        distance=first["value"],
        bits=4 * len(first["row_value"].partition(":")[2]),
        algorithm=algorithm,
        threshold=first["threshold"],
    )


def _work(file: str | None, lang: Lang) -> str:
    return _SOME_WORK[lang] if file is None else _WORK[lang].format(file=file)


def caveat_text(code: str, lang: Lang = "en") -> str:
    """The text of one caveat or limitation.

    Raises:
        KeyError: no such code.
    """
    return CAVEATS[code][lang]
