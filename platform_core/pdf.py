"""The page that documents are printed on: fonts, colours and the few shapes they are made of. It knows no document.

DejaVu, which comes with the code, writes the scripts of Europe and the Middle East. A font for Chinese, Japanese and
Korean weighs 16 megabytes, so an operator who needs one names it in INVOICE_FONTS; it is read only for a page that
needs it. A sign that no font has is a box, and the foot of the page says so: nothing is left out or spelled otherwise.
"""

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import cast

from django.conf import settings
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import Align
from fpdf.fonts import SubsetMap, TTFFont

FONTS: Path = settings.BASE_DIR / "static" / "vendor" / "fonts"
FAMILY = "body"
MARGIN = 20.0
WIDTH = 210.0 - 2 * MARGIN
# What stands for a sign that no font has.
UNKNOWN = "\N{WHITE SQUARE}"
EXPLANATION = f"{UNKNOWN} stands for a sign that this document cannot print. Your account shows it."
# From Hebrew on, scripts may run from the right, join or stack.
SHAPED_FROM = 0x0590

Colour = tuple[int, int, int]
INK: Colour = (23, 32, 42)
MUTED: Colour = (98, 110, 124)
RULE: Colour = (214, 220, 227)
SURFACE: Colour = (245, 247, 249)
ACCENT: Colour = (15, 92, 122)
GOOD: Colour = (22, 115, 70)
WARN: Colour = (163, 96, 11)
BAD: Colour = (164, 38, 44)


@cache
def _read(file_name: str, style: str) -> TTFFont:
    """One of our fonts with what is known of its signs: looking at all of them is a fifth of a page."""
    font = TTFFont(FPDF(), FONTS / file_name, f"{FAMILY}{style}", style)
    font.close()
    return font


class Page(FPDF):
    """An A4 page whose bytes depend on nothing but what is put on it."""

    def __init__(self, *, title: str, author: str, made_at: datetime, footer: str) -> None:
        super().__init__(format="A4")
        self.footer_text = footer
        self.incomplete = False
        self.fallback_fonts_named: list[str] = []
        self._take_font("DejaVuSansCondensed.ttf")
        self._take_font("DejaVuSansCondensed-Bold.ttf", "B")
        self.set_margins(MARGIN, 18, MARGIN)
        self.set_auto_page_break(auto=True, margin=24)
        self.set_title(title)
        self.set_author(author)
        self.set_creator("Mainstay")
        self.set_lang("en")
        self.set_creation_date(made_at)
        self.known = set(cast("TTFFont", self.fonts[FAMILY]).cmap)
        self.add_page()

    def _take_font(self, file_name: str, style: str = "") -> None:
        """As `add_font` does. Of the font itself each page leaves only the signs that it shows: it has its own."""
        font = copy(_read(file_name, style))
        font.i = len(self.fonts) + 1
        font.ttfont = TTFont(font.ttffile, recalcTimestamp=False, lazy=True)
        font.desc, font.cw, font.missing_glyphs = copy(font.desc), copy(font.cw), []
        font.subset = SubsetMap(font)
        self.fonts[font.fontkey] = font

    def footer(self) -> None:
        """What stands at the foot of every page."""
        text = self.printable(self.footer_text)
        if self.incomplete:
            self.set_y(-23)
            self.ink(7, MUTED)
            self.cell(WIDTH, 4, EXPLANATION)
        self.set_y(-18)
        self.rule()
        self.ink(7.5, MUTED)
        self.cell(WIDTH - 20, 8, text)
        self.cell(20, 8, f"Page {self.page_no()}", align=Align.R)

    def printable(self, text: str) -> str:
        """What the fonts can show, and boxes for the rest: a name never makes the page fail, nor goes unseen."""
        signs = [sign for sign in text if sign.isprintable()]
        if not self.fallback_fonts_named and not self.known.issuperset(map(ord, signs)):
            self._add_fallback_fonts()
        self.incomplete |= not self.known.issuperset(map(ord, signs))
        self.set_text_shaping(any(ord(sign) >= SHAPED_FROM for sign in signs))
        return "".join(sign if ord(sign) in self.known else UNKNOWN for sign in signs)

    def _add_fallback_fonts(self) -> None:
        self.fallback_fonts_named = [f"fallback-{number}" for number, _ in enumerate(settings.INVOICE_FONTS)]
        for name, path in zip(self.fallback_fonts_named, settings.INVOICE_FONTS, strict=True):
            self.add_font(name, fname=path)
            self.known |= set(cast("TTFFont", self.fonts[name]).cmap)
        self.set_fallback_fonts(self.fallback_fonts_named, exact_match=False)

    def ink(self, size: float, colour: Colour = INK, *, bold: bool = False) -> None:
        """How the next text looks."""
        self.set_font(FAMILY, style="B" if bold else "", size=size)
        self.set_text_color(*colour)

    def put(self, text: str, x: float, width: float, *, height: float = 5.0, align: Align = Align.L) -> None:
        """One line of text, cut where it would not fit."""
        self.set_x(x)
        self.cell(width, height, self._fitting(self.printable(text), width), align=align)

    def lines(self, texts: Sequence[str], x: float, y: float, width: float, *, height: float = 4.8) -> float:
        """Lines one under another; gives where they end."""
        for number, text in enumerate(texts):
            self.set_y(y + number * height)
            self.put(text, x, width, height=height)
        return y + len(texts) * height

    def paragraph(self, text: str, x: float, width: float, *, height: float = 5.0, most: int = 3) -> None:
        """Text over as many lines as it needs, up to a limit."""
        self.set_x(x)
        wrapped = cast("list[str]", self.multi_cell(width, height, self.printable(text), dry_run=True, output="LINES"))
        for line in (*wrapped[: most - 1], " ".join(wrapped[most - 1 :])):
            if line:
                self.put(line, x, width, height=height)
                self.ln(height)

    def keep_together(self, height: float) -> None:
        """Begin a new page where the next so many millimetres would be torn apart."""
        if self.will_page_break(height):
            self.add_page()

    def _fitting(self, text: str, width: float) -> str:
        room = width - 2 * self.c_margin
        if self.get_string_width(text) <= room:
            return text
        while text and self.get_string_width(f"{text}…") > room:
            text = text[:-1]
        return f"{text}…"

    def rule(self) -> None:
        """A thin line across the page, here."""
        self.set_draw_color(*RULE)
        self.set_line_width(0.2)
        self.line(MARGIN, self.get_y(), MARGIN + WIDTH, self.get_y())

    def panel(self, y: float, height: float) -> None:
        """A tinted box across the page."""
        self.set_fill_color(*SURFACE)
        self.rect(MARGIN, y, WIDTH, height, style="F", round_corners=True, corner_radius=2)

    def stamp(self, text: str, colour: Colour, *, right: float, y: float) -> None:
        """A word in a frame, its right edge given."""
        self.ink(10, colour, bold=True)
        width = self.get_string_width(text) + 10
        self.set_draw_color(*colour)
        self.set_line_width(0.5)
        self.rect(right - width, y, width, 8, style="D", round_corners=True, corner_radius=2)
        self.set_xy(right - width, y)
        self.cell(width, 8, text, align=Align.C)

    def bar(self, y: float, shares: Sequence[tuple[float, Colour]]) -> None:
        """A bar across a panel, divided in proportion."""
        x, room = MARGIN + 5, WIDTH - 10
        self.set_fill_color(*RULE)
        self.rect(x, y, room, 3, style="F")
        for share, colour in shares:
            self.set_fill_color(*colour)
            self.rect(x, y, room * share, 3, style="F")
            x += room * share

    def row(self, texts: Sequence[str], widths: Sequence[float], *, height: float = 9.0) -> None:
        """Cells of a table: the first reads from the left, numbers from the right."""
        for position, (text, width) in enumerate(zip(texts, widths, strict=True)):
            fitting = self._fitting(self.printable(text), width)
            self.cell(width, height, fitting, align=Align.R if position else Align.L)
        self.ln(height)
