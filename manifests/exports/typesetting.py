"""Letters, lines and drawings of the PDF: which font can hold which character, and values that cannot become markup.

The fonts are those that every PDF reader knows (the standard ones, and Adobe's for Chinese, Japanese and Korean), so
nothing is embedded and equal text gives equal bytes.  A character that none of them has is printed as its code.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape as escape_markup

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Image, Paragraph, Table

from manifests.report.pictures import bits
from manifests.texts.marks import speakable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LATIN: Final = "Helvetica"
FONTS: Final = (
    ("gbk", "STSong-Light"),
    ("shift_jis", "HeiseiMin-W3"),
    ("euc_kr", "HYSMyeongJo-Medium"),
    ("big5", "MSung-Light"),
)
INK, SOFT, DEEP, LINE = (HexColor(value) for value in ("#22262b", "#5d646d", "#1f4a52", "#d8d3c9"))
DIFFER, ONES = HexColor("#b4532a"), HexColor("#b9c6c4")


def register_fonts() -> None:
    """Make the fonts known to reportlab; again and again does no harm."""
    for _, name in FONTS:
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(UnicodeCIDFont(name))


def _style(name: str, size: float, **rest: Any) -> ParagraphStyle:
    return ParagraphStyle(
        name,
        fontName=LATIN,
        fontSize=size,
        leading=size * 1.3,
        textColor=INK,
        alignment=TA_LEFT,
        splitLongWords=1,
        **rest,
    )


STYLES: Final[Mapping[str, ParagraphStyle]] = {
    "title": _style("title", 22, spaceAfter=6),
    "chapter": ParagraphStyle("chapter", parent=_style("c", 14), textColor=DEEP, spaceBefore=10, spaceAfter=5),
    "heading": _style("heading", 10, spaceBefore=5, spaceAfter=1),
    "lead": _style("lead", 15, spaceAfter=3),
    "says": _style("says", 10.5, spaceBefore=2, spaceAfter=4),
    "body": _style("body", 9, spaceAfter=2),
    "soft": ParagraphStyle("soft", parent=_style("s", 8), textColor=SOFT, spaceAfter=2),
    "label": ParagraphStyle("label", parent=_style("l", 8), textColor=SOFT),
    "value": _style("value", 8),
    "code": ParagraphStyle("code", parent=_style("k", 7.2), fontName="Courier"),
}


@lru_cache(maxsize=65536)
def _font_of(character: str) -> str | None:
    """The first font that has the character; None where none has."""
    if character < "\x7f":
        return LATIN
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        pass
    else:
        return LATIN
    for encoding, font in FONTS:
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            continue
        return font
    return None


def runs(value: str) -> list[tuple[str, str]]:
    r"""``(font, text)`` pieces of ``value``; characters that no font has become ``\uXXXX`` or ``\UXXXXXXXX``."""
    pieces: list[tuple[str, list[str]]] = []
    for character in speakable(value).replace("\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"):
        font, shown = _font_of(character), character
        if font is None:
            code = ord(character)
            font, shown = LATIN, f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
        if pieces and pieces[-1][0] == font:
            pieces[-1][1].append(shown)
        else:
            pieces.append((font, [shown]))
    return [(font, "".join(text)) for font, text in pieces]


def words(value: str, *, latin: str = LATIN) -> str:
    """Markup of ``value`` for a paragraph: everything escaped, each piece in a font that has it."""
    return "".join(
        escape_markup(text)
        if font == LATIN == latin
        else f'<font name="{latin if font == LATIN else font}">{escape_markup(text)}</font>'
        for font, text in runs(value)
    )


def paragraph(value: str, style: str) -> Paragraph:
    """Plain text in one of ``STYLES``; nothing in it is read as markup."""
    # CJK wrapping breaks between any two characters: digests and URLs have no spaces to break at
    shaped = STYLES[style]
    latin = shaped.fontName
    return Paragraph(words(value, latin=latin), shaped)


def fact_table(pairs: Iterable[tuple[str, str, bool]], width: float) -> Table | None:
    """Labels left, values right; ``(label, value, code)``; None where there are none.  Rows may break over pages."""
    rows = [[paragraph(name, "label"), paragraph(value, "code" if code else "value")] for name, value, code in pairs]
    if not rows:
        return None
    left = 124.0
    table = Table(rows, colWidths=[left, width - left], splitInRow=1)
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 6),
            ("TOPPADDING", (0, 0), (-1, -1), 0.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0.5),
        ]
    )
    return table


def picture(content: bytes, max_width: float, max_height: float) -> Image | None:
    """A picture scaled to fit; None where the bytes are no picture that can be read."""
    try:
        width, height = ImageReader(io.BytesIO(content)).getSize()
    except (OSError, ValueError):
        return None
    scale = min(max_width / width, max_height / height)
    return Image(io.BytesIO(content), width=width * scale, height=height * scale)


class BitGrid(Flowable):  # type: ignore[misc]
    """A fingerprint as a square of cells, first bit top left; cells that differ from ``other`` are ringed."""

    def __init__(self, value: str, other: str, size: float) -> None:
        """Both are ``phash64:…`` of one algorithm; ``size`` in points."""
        super().__init__()
        self.count, self.value = bits(value)
        self.differing = self.value ^ bits(other)[1]
        self.width = self.height = size

    def wrap(self, *_available: float) -> tuple[float, float]:
        """Its own size."""
        return self.width, self.height

    def draw(self) -> None:
        """Cells, then rings, then the frame."""
        side = int(self.count**0.5)
        cell = self.width / side
        pen = self.canv
        pen.setLineWidth(0.9)
        pen.setStrokeColor(DIFFER)
        pen.setFillColor(ONES)
        for wanted, ring in ((self.value, False), (self.differing, True)):
            for place in range(self.count):
                if wanted >> (self.count - 1 - place) & 1:
                    y, x = divmod(place, side)
                    inset = 0.9 if ring else 0
                    pen.rect(
                        x * cell + inset,
                        self.height - (y + 1) * cell + inset,
                        cell - 2 * inset,
                        cell - 2 * inset,
                        stroke=int(ring),
                        fill=int(not ring),
                    )
        pen.setStrokeColor(LINE)
        pen.setLineWidth(0.5)
        pen.rect(0, 0, self.width, self.height)
