"""The claim linter: words that no text of ours may say, in any language (evidence.md section 2).

Exempt, and always in quotation marks: text of others, a reviewer's note; and the passages of law that
``golden/statutory_passages.txt`` lists by digest.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from pathlib import Path

FORBIDDEN = re.compile(
    r"\d\s*(?:%|percent|per cent)"
    r"|train(ed|ing) on|used (in|for|to) train|copied by|stole|theft|infring|pirat|plagiari|\bprove[sdn]?\b|proof (of|that)"
    r"|certain(ly|ty)?\b|undoubt|beyond doubt"
    r"|guarante|identical|same (image|picture|work)\b|similarity|confidence|likel(y|ihood)|never used|not in the dataset"
    r"|(?<!listed )in the (dataset|model)\b"
    r"|训练(了|过)|用于训练|被训练|侵权|盗用|窃取|抄袭|剽窃|证明了|证实|必然|毫无疑问|百分之|相似度|置信度|完全相同|未被使用|不在数据集"
)
PASSAGES = Path(__file__).parent / "golden" / "statutory_passages.txt"
_TAG = re.compile(r"<(style|script)\b.*?</\1>|<[^>]*>", re.DOTALL)
_QUOTED = re.compile(r"“[^“”]*”")


def hits(text: str) -> list[str]:
    """What the linter refuses in ``text``, each with a little around it."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return [folded[max(0, found.start() - 30) : found.end() + 30] for found in FORBIDDEN.finditer(folded)]


def visible(page: str) -> str:
    """The text of an HTML page, tags gone, what elements hold kept apart."""
    return html.unescape(_TAG.sub(" ", page))


def without_quotations(text: str) -> str:
    """Our own words: what stands in “ ” is somebody else's."""
    return _QUOTED.sub("“”", text)


def without_law(text: str) -> str:
    """``text`` without the quoted passages of law that are listed by digest; unlisted ones stay and are linted."""
    listed = {line.split()[0] for line in PASSAGES.read_text(encoding="utf-8").splitlines()}

    def exempt(found: re.Match[str]) -> str:
        digest = hashlib.sha256(found[0].strip("“”").encode()).hexdigest()
        return "“”" if digest in listed else found[0]

    return _QUOTED.sub(exempt, text)
