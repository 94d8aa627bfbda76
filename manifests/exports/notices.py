"""Notices to hosts of copies: the facts in tables, everything that a person must say left blank.

Only findings in which a picture itself was read and checked enter (``packaged_image``, ``live_image``): a list of
addresses is no copy, and its host holds none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from manifests.exports.sheets import BLANK, address, bullets, code, document, plain, said, table
from manifests.exports.statutes import quoted
from manifests.records import host_of
from manifests.report import facts
from manifests.words import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manifests.exports.drafts import Sheet
    from manifests.report.selection import Finding

OF_COPIES: Final = ("packaged_image", "live_image")


def _by_host(sheet: Sheet) -> dict[str | None, list[Finding]]:
    """Findings by the host where the copy was read; None: a shard whose host the package does not record."""
    hosts: dict[str | None, list[Finding]] = {}
    for finding in sheet.findings():
        if finding.match["tier"] in OF_COPIES:
            hosts.setdefault(_host(sheet, finding), []).append(finding)
    return {host: hosts[host] for host in sorted(hosts, key=lambda name: (name is None, name or ""))}


def _location(sheet: Sheet, finding: Finding) -> tuple[str | None, str]:
    """``(URL or source, what there)``: where the copy was read."""
    match = finding.match
    row, seen = match["row"], match["observation"]
    if match["tier"] == "live_image":
        return seen["final_url"] or row["url"], seen["fetched_at"]
    sources = {known["name"]: known["source"] for known in sheet.package.manifest["datasets"]}
    source = sources.get(row["dataset"])
    return None if source == "local" else source, f"{row['shard']}, {row['row_number']}"


def _host(sheet: Sheet, finding: Finding) -> str | None:
    place, _ = _location(sheet, finding)
    return "huggingface.co" if place is not None and place.startswith("hf://") else host_of(place)


def _titles(sheet: Sheet, finding: Finding) -> tuple[str, str]:
    """Title as declared, and file, of the work."""
    work = sheet.works.get(finding.match["work_id"] or "", {})
    title = work.get("title")
    return "-" if not title else said(title), said(finding.match["work_file"] or "-")


def dmca_notice(sheet: Sheet, first_line: str) -> bytes:
    """17 U.S.C. 512(c)(3): works and locations filled in, the rest blank, one section a host."""
    hosts = _by_host(sheet)
    parts = [
        first_line,
        "# Data sheet for a notice under 17 U.S.C. 512(c)(3)",
        (
            "It goes to the agent whom the host has designated, and only to the host of a copy. Whether to send it, and whether "
            "its statements hold, is for the person who signs to decide."
        ),
        "## A reminder before anything is sent",
        quoted("512(f)"),
        (
            "The findings say what was compared and how near it came. They do not say who may use the picture: a licence, a "
            "permission or an exception of the law may apply."
        ),
    ]
    if not hosts:
        parts.append(
            "None of the chosen findings rests on a picture that was read in a shard or fetched from an address. This package "
            "holds no facts for such a notice."
        )
    for host, findings in hosts.items():
        parts += [f"## Host: {address(host) if host else BLANK}", *_dmca_host(sheet, findings)]
    parts += ["Package: " + code(sheet.package.manifest_sha256) + " (SHA-256 of data/manifest.json)."]
    return document(*parts)


def _dmca_host(sheet: Sheet, findings: list[Finding]) -> Iterator[str]:
    yield f"Agent designated by the host: {BLANK}"
    yield quoted("512(c)(3)(A)(ii)")
    yield table(("exhibit", "title, as declared", "work file", "registration, as declared"), _works(sheet, findings))
    yield quoted("512(c)(3)(A)(iii)")
    yield table(("exhibit", "location", "read", "what was found there"), _locations(sheet, findings))
    for part in ("iv", "v", "vi", "i"):
        yield quoted(f"512(c)(3)(A)({part})")
        yield f"To be completed: {BLANK}"


def _works(sheet: Sheet, findings: list[Finding]) -> Iterator[tuple[str, ...]]:
    for finding in findings:
        work = sheet.works.get(finding.match["work_id"] or "", {})
        registration = work.get("registration") or {}
        parts = [registration[key] for key in ("no", "date", "office") if registration.get(key)]
        title, file = _titles(sheet, finding)
        yield sheet.exhibit(finding), title, file, said(", ".join(parts)) if parts else "-"


def _locations(sheet: Sheet, findings: list[Finding]) -> Iterator[tuple[str, ...]]:
    for finding in findings:
        place, detail = _location(sheet, finding)
        yield (
            sheet.exhibit(finding),
            address(place) if place else BLANK,
            plain(detail),
            said(sentence(finding.match, "en")),
        )


def tongzhishu(sheet: Sheet, first_line: str) -> bytes:
    """《信息网络传播权保护条例》第十四条: 作品名称与网络地址, 初步证明材料清单; one section a host."""
    hosts = _by_host(sheet)
    parts = [
        first_line,
        "草稿 - 未签署 - 由本人补充并决定",
        "# 通知书数据表",
        quoted("条例第十四条"),
        (
            "本表仅列出证据包中的事实。是否发出通知、所作陈述是否成立，由签署人自行决定。图像的使用可能有许可或者法律规定的其他依据，"
            "本表对此不作判断。仅列入已读取并比对图像本身的发现；仅列有网址的行不在此列。"
        ),
    ]
    if not hosts:
        parts.append("所选发现中，没有一项是基于从分片读取或从网址取得的图像。本证据包没有可供此类通知使用的事实。")
    for host, findings in hosts.items():
        rows = [
            (sheet.exhibit(finding), *_titles(sheet, finding), address(place) if place else BLANK, plain(detail))
            for finding in findings
            for place, detail in (_location(sheet, finding),)
        ]
        parts += [
            f"## 网络服务提供者：{address(host) if host else BLANK}",
            "### 一、权利人",
            bullets((f"姓名（名称）：{BLANK}", f"联系方式：{BLANK}", f"地址：{BLANK}")),
            "### 二、作品名称与网络地址",
            table(("证据编号", "作品名称（自行申报）", "作品文件", "网络地址", "读取时间或位置"), rows),
            "### 三、初步证明材料清单",
            table(("证据编号", "事实", "材料"), _materials(sheet, findings)),
        ]
    digest = code(sheet.package.manifest_sha256)
    parts += [
        "### 证据包",
        bullets((f"data/manifest.json 的 SHA-256：{digest}", "核验方法：VERIFY.zh.md")),
        "### 声明与签名",
        bullets((f"真实性声明：{BLANK}", f"签名（盖章）：{BLANK}", f"日期：{BLANK}")),
    ]
    return document(*parts)


def _materials(sheet: Sheet, findings: list[Finding]) -> Iterator[tuple[str, ...]]:
    for finding in findings:
        match = finding.match
        material = [f"matches.jsonl {finding.line}", f"rows/ {match['row']['values_sha256'][:16]}"]
        seen = match["observation"]
        if seen is not None and seen["capture"] is not None:
            material.append(f"{seen['capture']['file']} {seen['capture']['record_id']}")
        work = sheet.works.get(match["work_id"] or "", {})
        material += [f"{fact.label}: {fact.value}" for fact in facts.declared(work, "zh")] if work else []
        yield sheet.exhibit(finding), said(sentence(match, "zh")), said("; ".join(material))
