"""A single purchase is invoiced and paid like any other, discount and all, and its books balance."""

from billing import conservation
from billing.models import Invoice, Purchase, Subscription
from billing.providers import provider
from billing.providers.sandbox.checkout import pay
from billing.services import alone, carts, invoice_verification
from billing.services.checkout import COMPLETED, start_checkout
from orgs.models import Organization
from tests import make
from tests.billing import extras, shop


def test_what_is_paid_once_has_an_invoice_as_it_was_quoted(organization: Organization) -> None:
    extras.opened()
    extras.coupon()
    cart = extras.cart(organization, interval="once", coupon="SPRING")

    row = start_checkout(cart, organization=organization, by=make.person(organization))
    pay(row.provider_session_id)
    shop.catch_up()

    invoice, quote = Invoice.objects.get(), carts.quote(cart)
    figures = (invoice.subtotal_minor, invoice.discount_minor, invoice.total_minor, invoice.paid_minor)
    assert figures == (quote.subtotal_minor, quote.discount_minor, quote.total_minor, quote.total_minor)
    assert (invoice.status, invoice.payments.get().status, invoice.subscription) == ("paid", "succeeded", None)
    assert Purchase.objects.get().kind == "one_off"
    assert not Subscription.objects.exists()
    assert list(invoice_verification.problems()) == []
    assert [each.holds for each in conservation.report()] == [True]

    again = provider().snapshot(COMPLETED, row.provider_session_id)
    assert again is not None
    assert alone.record(again, organization)
    assert Invoice.objects.get().paid_minor == quote.total_minor
