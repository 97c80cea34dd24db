"""The report of revenue as a browser saves it."""

from datetime import date

import pytest

from billing import revenue_files
from billing.revenue import summary
from platform_core.months import Months


@pytest.mark.parametrize(("form", "begins"), [("pdf", b"%PDF-"), ("csv", b'\xef\xbb\xbf"Month"')])
def test_it_is_a_file(form: str, begins: bytes) -> None:
    month = date(2026, 3, 1)

    answer = revenue_files.answer(summary.revenue(Months(month, month)), form)

    assert answer.content.startswith(begins)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="revenue-2026-03-to-2026-03.{form}"'
