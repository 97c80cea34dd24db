"""A customer whose bank wants to hear from them before each payment, and what a test does on the bank's page."""

from datetime import timedelta

from django.test import Client

from billing.models import Subscription, SubscriptionChange
from billing.providers.sandbox.models import Record
from platform_core import clock
from platform_core.models.leases import LONG_AGO
from tests import kept
from tests.billing import shop
from tests.billing.cards import ASKS, set_card
from tests.billing.changing import customer, present


def asked_customer() -> Subscription:
    """On Hosting Starter in the middle of a month, with a card that must be confirmed; everything was heard of."""

    def come_about() -> None:
        set_card(customer(), ASKS)
        shop.catch_up()

    kept.situation("hosting-starter with a card that asks", come_about)
    return present()


def the_change() -> SubscriptionChange:
    """The newest."""
    return SubscriptionChange.objects.latest("created_at", "pk")


def at_the_bank(answer: str, *, change: SubscriptionChange | None = None) -> None:
    """The customer goes the way of the link that we gave, and says yes or no. We have not heard of it."""
    invoice_id = (change or the_change()).provider_invoice_id
    Client().post(f"/sandbox/invoices/{invoice_id}/pay")
    for intent in payments_of(invoice_id):
        Client().post(f"/sandbox/payments/{intent}", {"answer": answer})


def payments_of(invoice_id: str) -> list[str]:
    """By which the invoice is paid."""
    rows = Record.objects.filter(kind="invoice_payment", invoice=invoice_id)
    return [row.data["_payment_intent"] for row in rows]


def invoices_there(status: str) -> list[str]:
    """The provider's in this state."""
    return list(Record.objects.filter(kind="invoice", status=status).values_list("object_id", flat=True))


def pending_there() -> bool:
    """Whether the provider keeps a change that is to be paid."""
    return any(row.data["pending_update"] for row in Record.objects.filter(kind="subscription"))


def abandoned() -> None:
    """Whoever held a change is gone, and its time to be looked at has come."""
    held = SubscriptionChange.objects.exclude(status=SubscriptionChange.Status.SCHEDULED)
    held.update(lease_until=LONG_AGO, run_after=clock.now() - timedelta(seconds=1))
