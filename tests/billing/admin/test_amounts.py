"""Money and tokens as staff read them."""

from billing.models import Price
from tests import make
from tests.billing.admin.test_verification import closed_with_overage
from tests.clients import staff
from tests.pages import Browser


def read(permission: str, path: str) -> str:
    return Browser(staff(permission).user).words(f"/admin/billing/{path}")


def test_an_invoice_says_what_is_to_be_paid_in_its_currency() -> None:
    invoice = make.invoice(total_minor=123_456, subtotal_minor=123_456, currency="eur")

    for path in ("invoice/", f"invoice/{invoice.pk}/change/"):
        page = read("billing.view_invoice", path)
        assert "€1,234.56" in page
        assert "123456" not in page
        assert "minor" not in page


def test_a_subscription_is_worth_so_much_a_month_in_its_currency() -> None:
    plan = make.plan(price_minor=None)
    price = make.price(plan, amount_minor=4_900, currency="eur")
    subscription = make.subscription(plan=plan, price=price, quantity=2)

    for path in ("subscription/", f"subscription/{subscription.pk}/change/"):
        assert "€98.00" in read("billing.view_subscription", path)


def test_a_closed_period_groups_its_tokens_and_prices_them() -> None:
    period = closed_with_overage()

    row = read("billing.view_billingperiod", f"billingperiod/{period.pk}/change/")

    assert "Tokens used 16,000,000" in row
    assert "Overage $2.50" in row
    assert "Unit price $2.50 per million" in row
    assert "16,000,000" in read("billing.view_billingperiod", "billingperiod/")


def test_a_price_has_one_of_both_amounts() -> None:
    plan = make.plan(price_minor=12_900, overage_nano=250_000)
    monthly = Price.objects.get(plan=plan, amount_minor=12_900)

    assert "Amount $129.00 Unit price -" in read("billing.view_price", f"price/{monthly.pk}/change/")
    assert "$2.50 per million" in read("billing.view_price", "price/")
