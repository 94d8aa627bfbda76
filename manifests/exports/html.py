"""The report as one file that can be passed on: pictures inside, nothing loaded from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manifests.report import write_report
from manifests.report.selection import everything

if TYPE_CHECKING:
    from manifests.exports.choice import Choice
    from manifests.packages import Package
    from manifests.words import Lang


def html(package: Package, choice: Choice, *, exhibit_prefix: str | None = None, lang: Lang | None = None) -> bytes:
    """The report over the chosen findings; the numbers of the exhibits do not change by leaving some out."""
    return write_report(
        package,
        lang or package.manifest["contents"]["locale"],
        chosen=everything if choice.everything else choice,
        exhibit_prefix=exhibit_prefix,
    )
