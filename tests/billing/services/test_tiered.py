"""What is not so much for each: the provider bills it in several lines, which come to what we say it costs."""

from datetime import timedelta

import pytest

from billing.conservation import report
from billing.models import Invoice, InvoiceLine, Subscription, SubscriptionChange
from billing.providers.sandbox import clock as sandbox
from billing.providers.sandbox.checkout import pay
from billing.services import carts, changes, invoice_verification, proposals
from billing.services.carts import Wishes
from billing.services.checkout import start_checkout
from billing.services.proposals import Asked
from tests import make
from tests.billing import extras, month, priced, shop
from tests.billing.changing import MIDDLE, charged, present
from tests.clocks import stopped

# By scheme: what two cost a month, in which lines the provider bills them, and what four cost.
BILLED = {
    "package": (12_900, [12_900], 25_800),
    # Each tier rounded by itself.
    "graduated": (9_302, [5_001, 900, 3_001, 400], 15_303),
    "volume": (6_401, [6_001, 400], 12_402),
}


def bought(quantity: int, plan: str = "hosting-pro") -> Subscription:
    """Somebody bought so many on the first of March, and it is the middle of that month."""
    with stopped():
        sandbox.advance(month.BOUGHT)
    organization = make.organization("Harbour Bakery")
    cart = carts.fill(extras.price(plan), organization, Wishes(quantity))
    pay(start_checkout(cart, organization=organization, by=make.person(organization)).provider_session_id)
    shop.catch_up()
    month.pass_to(MIDDLE)
    return present()


def renewed() -> Invoice:
    """It is April."""
    month.pass_to(month.RENEWAL + timedelta(minutes=1))
    shop.catch_up()
    return Invoice.objects.latest("issued_at")


def amounts(invoice: Invoice) -> list[int]:
    return list(invoice.lines.filter(kind=InvoiceLine.Kind.BASE).values_list("amount_minor", flat=True))


def holds() -> bool:
    """Nothing is said to be wrong, of whatever was billed."""
    said = [*Invoice.objects.exclude(discrepancy="").values_list("discrepancy", flat=True)]
    return [*said, *invoice_verification.problems()] == [] and all(each.holds for each in report())


@pytest.mark.parametrize("scheme", BILLED)
def test_the_lines_of_a_period_are_held_together_against_its_price(scheme: str) -> None:
    priced.opened(scheme)
    two, lines, four = BILLED[scheme]

    held = bought(2)

    first = Invoice.objects.get()
    quoted = carts.quote(carts.fill(held.price, None, Wishes(2)))
    assert (quoted.total_minor, held.monthly_minor) == (two, two)
    assert (amounts(first), first.total_minor, charged()) == (lines, two, [two])
    assert holds()
    wanted = proposals.at_provider(proposals.propose(held, held.price, 4))
    assert wanted.kind == SubscriptionChange.Kind.UPGRADE
    changes.change_plan(wanted, Asked(None))
    shop.catch_up()
    assert charged() == [two, wanted.due_minor]
    assert holds()
    april = renewed()
    assert (sum(amounts(april)), april.total_minor) == (four, four)
    assert holds()


def test_what_is_flat_is_held_too() -> None:
    priced.opened("flat")

    held = bought(1, "hosting-starter")
    wanted = proposals.at_provider(proposals.propose(held, extras.price("hosting-pro"), 1))
    changes.change_plan(wanted, Asked(None))
    shop.catch_up()

    assert charged() == [4_900, wanted.due_minor]
    april = renewed()
    assert (amounts(april), april.total_minor) == ([0, 12_900], 12_900)
    assert list(april.lines.values_list("quantity", "unit_price_nano"))[1] == (1, None)
    assert holds()
