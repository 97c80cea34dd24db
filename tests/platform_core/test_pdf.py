"""The page: it shows every text somehow, and never fails for one."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from platform_core.pdf import FAMILY, FONTS, MARGIN, Page


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Made once: reading the fonts takes a moment."""
    page = Page(title="Invoice", author="Us", made_at=datetime(2026, 2, 1, tzinfo=UTC), footer="Foot")
    yield page
    # Putting it out closes the fonts' files.
    page.output()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Lighthouse Bakery", "Lighthouse Bakery"),
        ("株式会社 灯台", "□□□□ □□"),
        ("Bäckerei 🥐 Söhne", "Bäckerei □ Söhne"),
        ("Ω Ελλάς\x00\u202e Пекарня", "Ω Ελλάς Пекарня"),
        ("", ""),
    ],
)
def test_what_the_font_lacks_is_shown_as_a_box(page: Page, name: str, shown: str) -> None:
    assert page.printable(name) == shown


def test_a_line_that_does_not_fit_is_cut(page: Page) -> None:
    page.ink(9)

    cut = page._fitting("W" * 300, 40)

    assert cut.endswith("W…")
    assert page.get_string_width(cut) <= 40
    assert page._fitting("short", 40) == "short"
    assert page._fitting("W", 0) == "…"


@pytest.mark.parametrize(("text", "lines"), [("one", 1), ("word " * 12, 2), ("word " * 400, 3)])
def test_a_paragraph_takes_as_many_lines_as_it_needs_up_to_a_limit(page: Page, text: str, lines: int) -> None:
    page.ink(9)
    page.set_y(20)

    page.paragraph(text, MARGIN, 60, height=5)

    assert page.get_y() == pytest.approx(20 + 5 * lines)


def test_what_belongs_together_begins_on_a_new_page_where_it_would_be_torn() -> None:
    page = Page(title="T", author="A", made_at=datetime(2026, 2, 1, tzinfo=UTC), footer="Foot")
    page.keep_together(40)
    assert page.page_no() == 1

    page.set_y(260)
    page.keep_together(40)
    assert page.page_no() == 2

    reader = PdfReader(io.BytesIO(bytes(page.output())))
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("T", "A")
    assert "Page 2" in reader.pages[1].extract_text()


class ReadAnew(Page):
    """Whose fonts are read for it alone, as the library does."""

    def _take_font(self, file_name: str, style: str = "") -> None:
        self.add_font(FAMILY, style=style, fname=FONTS / file_name)


def written(kind: type[Page], *texts: str) -> bytes:
    page = kind(title="T", author="A", made_at=datetime(2026, 2, 1, tzinfo=UTC), footer="Foot")
    for text in texts:
        page.ink(9, bold=len(text) > 10)
        page.put(text, MARGIN, 100)
    return bytes(page.output())


def test_a_page_is_the_same_whether_its_fonts_were_read_before_or_for_it_alone() -> None:
    for texts in (("Lighthouse Bakery", "Ω"), ("株式会社 灯台", "שלום", "مرحبا"), (), ("Lighthouse Bakery", "Ω")):
        assert written(Page, *texts) == written(ReadAnew, *texts)


def test_pages_that_are_written_at_once_do_not_mix_their_signs() -> None:
    alone = written(Page, "Abc"), written(Page, "Xyz")
    first, second = (
        Page(title="T", author="A", made_at=datetime(2026, 2, 1, tzinfo=UTC), footer="Foot") for _ in range(2)
    )
    for page, text in ((first, "Abc"), (second, "Xyz")):
        page.ink(9)
        page.put(text, MARGIN, 100)

    assert (bytes(first.output()), bytes(second.output())) == alone
