"""What the report of revenue says."""

from datetime import date

from billing.money import format_minor
from billing.revenue import summary
from billing.services import revenue_report
from platform_core.months import Months
from tests import clocks, make
from tests.billing import lives


def test_it_says_what_the_months_come_to() -> None:
    lives.a_year()
    found = summary.revenue(Months(date(2026, 2, 1), date(2026, 3, 1)))

    content = revenue_report.content(found, format_minor)

    assert content.facts == [
        ("EUR a month", "€0.00, net retention none, gross none"),
        ("USD a month", "$85.00, net retention 32.50 %, gross 32.50 %"),
        ("Customers", "3, churn 33.33 % a month"),
        ("Trials paid for", "0 of 0"),
        ("Payments that went through", "none was tried"),
    ]
    for currency, status in (("usd", "succeeded"), ("usd", "failed"), ("eur", "succeeded")):
        with clocks.at(lives.on(2026, 3)):
            make.payment(currency=currency, status=status)
    paid = revenue_report.content(summary.revenue(found.span), format_minor).facts[-3:]
    assert paid == [
        ("Payments that went through", "66.67 %: 2 of 3"),
        ("of them in EUR", "100.00 %: 1 of 1"),
        ("of them in USD", "50.00 %: 1 of 2"),
    ]
    assert content.rows[-1] == [
        "2026-03", "USD", "$180.00", "$0.00", "$0.00", "$0.00", "-$120.00", "$25.00", "$85.00", "33.33 %", "33.33 %",
    ]  # fmt: skip
    assert revenue_report.file_name(found, "pdf") == "revenue-2026-02-to-2026-03.pdf"
    assert revenue_report.as_pdf(found).startswith(b"%PDF-")
