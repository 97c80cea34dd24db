"""Stripe as a payment provider. In the sandbox it is the same code with another HTTP client underneath."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import stripe
from django.conf import settings

from billing.providers.facts import (
    CheckoutFact,
    CreditNoteFact,
    CustomerFact,
    DisputeFact,
    InvoiceFact,
    InvoiceItemFact,
    PaymentFact,
    PaymentMethodFact,
    RefundFact,
    ScheduleFact,
    Snapshot,
    SubscriptionFact,
    VerifiedEvent,
)
from billing.providers.protocol import CardDeclined
from billing.providers.specs import (
    BalanceSpec,
    ChangeSpec,
    CheckoutSpec,
    CouponSpec,
    CreditNoteSpec,
    InvoiceItemSpec,
    InvoiceSpec,
    PriceSpec,
    RefundSpec,
    SetupSpec,
)
from billing.providers.stripe import (
    catalog,
    changes,
    checkouts,
    coupons,
    customers,
    events,
    invoicing,
    listing,
    mirror,
    money_back,
    signatures,
)
from billing.providers.stripe.capabilities import CAPABILITIES
from billing.providers.stripe.client import build_client, calling
from billing.providers.stripe.normalize import Raw, id_of, normalize_checkout, normalize_invoice, normalize_item, plain
from billing.providers.stripe.normalize_money import normalize_customer
from billing.providers.stripe.plain_api import PAGE
from billing.providers.stripe.reading import Reader, account_of

if TYPE_CHECKING:
    from stripe.params import InvoiceCreateParams, InvoiceItemCreateParams

MISSING = "resource_missing"
# What paying an invoice is refused with where there is no card to charge.
NO_CARD = "missing"
PAID = ("paid",)
SETTLED = ("paid", "uncollectible", "void")
TAKEN_BACK = ("paid", "void")
FINAL = ("open", *SETTLED)

InvoiceAction = Callable[..., stripe.Invoice]


class StripeProvider:
    """Implements `billing.providers.protocol.PaymentProvider`."""

    name = "stripe"
    capabilities = CAPABILITIES

    @cached_property
    def client(self) -> stripe.StripeClient:
        """Made at the first call, so that importing this module needs no key."""
        return build_client()

    @cached_property
    def account(self) -> Raw | None:
        """Our own account. A restricted key may not read it."""
        return None if settings.STRIPE_SECRET_KEY.startswith("rk_") else account_of(self.client)

    def verify(self, body: bytes, signature: str) -> VerifiedEvent:
        """Check a webhook's signature, age and mode."""
        return signatures.verify(body, signature)

    def events_since(self, since: datetime, *, after: str = "") -> Iterator[VerifiedEvent]:
        """Stripe keeps its events for thirty days."""
        return events.since(self.client, since, after=after)

    def ensure_customer(self, *, organization_id: str, name: str, email: str, key: str) -> str:
        """A customer that names the organization it stands for."""
        with calling():
            customer = self.client.v1.customers.create(
                {"name": name, "email": email, "metadata": {"organization": organization_id}},
                {"idempotency_key": key},
            )
        return customer.id

    def customer(self, customer_id: str) -> CustomerFact:
        """The customer as it is now."""
        with calling():
            return normalize_customer(customers.read(self.client.v1, customer_id))

    def payment_methods_of(self, customer_id: str) -> Sequence[PaymentMethodFact]:
        """What a customer saved, newest first."""
        with calling():
            return customers.methods_of(self.client.v1, customer_id)

    def attach_payment_method(self, method_id: str, customer_id: str, *, key: str) -> PaymentMethodFact:
        """Save a payment method for a customer."""
        with calling():
            return customers.attach(self.client.v1, method_id, customer_id, key=key)

    def detach_payment_method(self, method_id: str, *, key: str) -> PaymentMethodFact:
        """Forget a payment method."""
        with calling():
            return customers.detach(self.client.v1, method_id, key=key)

    def set_default_payment_method(self, customer_id: str, method_id: str, *, key: str) -> CustomerFact:
        """Charge it from now on, for what runs already too."""
        with calling():
            return customers.set_default(self.client.v1, customer_id, method_id, key=key)

    def open_portal(self, customer_id: str, return_url: str) -> str:
        """The billing portal, as it is set up at Stripe."""
        with calling():
            return customers.open_portal(self.client.v1, customer_id, return_url)

    def ensure_prices(self, specs: Sequence[PriceSpec]) -> dict[str, str]:
        """Create or adopt each price by its lookup key."""
        with calling():
            return catalog.ensure_prices(self.client, specs)

    def ensure_coupon(self, spec: CouponSpec, *, key: str) -> str:
        """Create or adopt the coupon and its code."""
        with calling():
            return coupons.ensure(self.client.v1, spec, key=key)

    def open_checkout(self, spec: CheckoutSpec, *, key: str) -> CheckoutFact:
        """A hosted page. Our reference goes on the session and on the subscription or payment that will come of it."""
        with calling():
            return checkouts.open_purchase(self.client.v1, spec, key=key)

    def open_setup(self, spec: SetupSpec, *, key: str) -> CheckoutFact:
        """A hosted page that charges nothing."""
        with calling():
            return checkouts.open_setup(self.client.v1, spec, key=key)

    def close_checkout(self, session_id: str, *, key: str) -> CheckoutFact:
        """Expire the page; a refusal says that it is over already, one way or the other."""
        sessions = self.client.v1.checkout.sessions
        with calling():
            try:
                session = sessions.expire(session_id, {}, {"idempotency_key": key})
            except stripe.InvalidRequestError:
                session = sessions.retrieve(session_id)
        return normalize_checkout(plain(session))

    def preview_change(self, spec: ChangeSpec, *, at: datetime | None = None) -> InvoiceFact:
        """What Stripe would bill for a change."""
        with calling():
            return changes.preview(self.client.v1, spec, at=at)

    def change_subscription(self, spec: ChangeSpec, *, key: str, at: datetime | None = None) -> SubscriptionFact:
        """Change it now; a card that declines leaves it as it was."""
        with calling():
            return changes.change(self.client.v1, spec, key=key, at=at)

    def schedule_change(self, spec: ChangeSpec, *, key: str) -> ScheduleFact:
        """Change it when its period ends."""
        with calling():
            return changes.schedule(self.client.v1, spec, key=key)

    def scheduled_change(self, subscription_id: str) -> ScheduleFact | None:
        """The change that waits."""
        with calling():
            return changes.scheduled(self.client.v1, subscription_id)

    def unschedule_change(self, subscription_id: str, *, key: str) -> SubscriptionFact:
        """Let it be what it is."""
        with calling():
            changes.release(self.client.v1, changes.read(self.client.v1, subscription_id), key=key)
            return changes.settle(self.client.v1, subscription_id, {}, key=key)

    def cancel_subscription(self, subscription_id: str, *, at_period_end: bool, key: str) -> SubscriptionFact:
        """End it now, or with its period."""
        with calling():
            return changes.cancel(self.client.v1, subscription_id, at_period_end=at_period_end, key=key)

    def resume_subscription(self, subscription_id: str, *, key: str) -> SubscriptionFact:
        """Let it renew again."""
        with calling():
            return changes.settle(self.client.v1, subscription_id, {"cancel_at_period_end": False}, key=key)

    def wake_subscription(self, subscription_id: str, *, key: str) -> SubscriptionFact:
        """Begin a period now."""
        with calling():
            return changes.wake(self.client.v1, subscription_id, key=key)

    def pause_subscription(
        self, subscription_id: str, *, key: str, resumes_at: datetime | None = None
    ) -> SubscriptionFact:
        """Void the invoices of renewals."""
        until = {"resumes_at": int(resumes_at.timestamp())} if resumes_at else {}
        with calling():
            pause = {"pause_collection": {"behavior": "void", **until}}
            return changes.settle(self.client.v1, subscription_id, pause, key=key)

    def unpause_subscription(self, subscription_id: str, *, key: str) -> SubscriptionFact:
        """Collect again."""
        with calling():
            return changes.settle(self.client.v1, subscription_id, {"pause_collection": ""}, key=key)

    def snapshot(self, kind: str, object_id: str) -> Snapshot | None:
        """Read the purchase that the object belongs to; an object that is gone belongs to none."""
        with calling():
            try:
                return self._reader.snapshot(kind, object_id)
            except stripe.InvalidRequestError as error:
                if error.code == MISSING:
                    return None
                raise

    def mirror(self, snapshot: Snapshot) -> None:
        """Write the raw objects to dj-stripe's tables; calls nobody."""
        mirror.mirror(snapshot)

    def invoices_of(self, subscription_id: str) -> Sequence[InvoiceFact]:
        """The subscription's invoices, newest first."""
        with calling():
            return [normalize_invoice(invoice) for invoice in self._reader.invoices_of(subscription_id)]

    def add_invoice_item(self, spec: InvoiceItemSpec, *, key: str) -> str:
        """Add a line to a draft, or to the customer's next invoice of the subscription."""
        params: dict[str, Any] = {
            "customer": spec.customer_id,
            "amount": spec.amount_minor,
            "currency": spec.currency,
            "description": spec.description,
            "period": {"start": int(spec.period_start.timestamp()), "end": int(spec.period_end.timestamp())},
            "metadata": dict(spec.metadata),
            **({"invoice": spec.invoice_id} if spec.invoice_id else {}),
        }
        with calling():
            item = self.client.v1.invoice_items.create(
                cast("InvoiceItemCreateParams", params), {"idempotency_key": key}
            )
        return item.id

    def invoice_items_of(self, customer_id: str) -> Sequence[InvoiceItemFact]:
        """Every line that was ever added for a customer, newest first."""
        with calling():
            found = self.client.v1.invoice_items.list({"customer": customer_id, "limit": PAGE})
            return [normalize_item(plain(item)) for item in found.auto_paging_iter()]

    def drop_invoice_item(self, item_id: str) -> None:
        """Take back a line that waits."""
        with calling():
            invoicing.drop_item(self.client.v1, item_id)

    def create_invoice(self, *, customer_id: str, subscription_id: str, key: str) -> InvoiceFact:
        """A draft that names its subscription in metadata, and its card: Stripe adds nothing to one that has ended."""
        with calling():
            card = id_of(plain(self.client.v1.subscriptions.retrieve(subscription_id)).get("default_payment_method"))
            params: dict[str, Any] = {
                "customer": customer_id,
                "auto_advance": False,
                "pending_invoice_items_behavior": "include",
                "metadata": {"subscription": subscription_id},
                **({"default_payment_method": card} if card else {}),
            }
            invoice = self.client.v1.invoices.create(cast("InvoiceCreateParams", params), {"idempotency_key": key})
        return normalize_invoice(plain(invoice))

    def open_invoice(self, spec: InvoiceSpec, *, key: str) -> InvoiceFact:
        """A draft over an amount that we computed."""
        with calling():
            return invoicing.open_invoice(self.client.v1, spec, key=key)

    def finalize_invoice(self, invoice_id: str, *, key: str) -> InvoiceFact:
        """Make a draft final; if somebody else did so first, that is as good."""
        finalize = self.client.v1.invoices.finalize_invoice
        return self._advance(invoice_id, finalize, key, reached=FINAL)

    def pay_invoice(self, invoice_id: str, *, key: str) -> InvoiceFact:
        """Charge the default card; if it is paid already, that is as good."""
        return self._advance(invoice_id, self.client.v1.invoices.pay, key, reached=PAID)

    def give_up_invoice(self, invoice_id: str, *, key: str) -> InvoiceFact:
        """Mark an open invoice as uncollectible. Its page still takes payments."""
        return self._advance(invoice_id, self.client.v1.invoices.mark_uncollectible, key, reached=SETTLED)

    def void_invoice(self, invoice_id: str, *, key: str) -> InvoiceFact:
        """Take an open invoice back."""
        return self._advance(invoice_id, self.client.v1.invoices.void_invoice, key, reached=TAKEN_BACK)

    def payments_of(self, *, customer_id: str = "", invoice_id: str = "") -> Sequence[PaymentFact]:
        """A customer's, or an invoice's."""
        with calling():
            return listing.payments_of(self.client.v1, customer_id=customer_id, invoice_id=invoice_id)

    def refund(self, spec: RefundSpec, *, key: str) -> RefundFact:
        """Send money back."""
        with calling():
            return money_back.refund(self.client.v1, spec, key=key)

    def credit_invoice(self, spec: CreditNoteSpec, *, key: str) -> CreditNoteFact:
        """Lower a final invoice."""
        with calling():
            return money_back.credit(self.client.v1, spec, key=key)

    def credit_note_of(self, invoice_id: str, metadata: Mapping[str, str]) -> CreditNoteFact | None:
        """The one that names our row."""
        with calling():
            return money_back.credit_note_of(self.client.v1, invoice_id, metadata)

    def move_balance(self, spec: BalanceSpec, *, key: str) -> str:
        """An entry of the customer's balance."""
        with calling():
            return money_back.move_balance(self.client.v1, spec, key=key)

    def balance_used(self, customer_id: str, *, before: str = "") -> Mapping[str, int]:
        """By the balance's newest entries."""
        with calling():
            return money_back.balance_used(self.client.v1, customer_id, before)

    def subscriptions(self, created_from: datetime | None = None) -> Iterator[SubscriptionFact]:
        """Every subscription, ended ones too."""
        return listing.subscriptions(self.client.v1, created_from)

    def invoices(self, created_from: datetime) -> Iterator[InvoiceFact]:
        """Every invoice made since then."""
        return listing.invoices(self.client.v1, created_from)

    def payments(self, created_from: datetime) -> Iterator[PaymentFact]:
        """Every payment made since then."""
        return listing.payments(self.client.v1, created_from)

    def refunds(self, created_from: datetime) -> Iterator[RefundFact]:
        """Every refund made since then."""
        return listing.refunds(self.client.v1, created_from)

    def disputes(self, created_from: datetime) -> Iterator[DisputeFact]:
        """Every dispute opened since then."""
        return listing.disputes(self.client.v1, created_from)

    def _advance(self, invoice_id: str, act: InvoiceAction, key: str, *, reached: Sequence[str]) -> InvoiceFact:
        """Act on an invoice unless it is where the action leads to; a refusal counts only if it is not there then."""
        read = self.client.v1.invoices.retrieve
        with calling():
            invoice = read(invoice_id)
            if invoice.status not in reached:
                try:
                    invoice = act(invoice_id, {}, {"idempotency_key": key})
                except stripe.InvalidRequestError as error:
                    invoice = read(invoice_id)
                    if invoice.status not in reached:
                        if error.code == NO_CARD:
                            raise CardDeclined("There is no card to charge.") from error
                        raise
        return normalize_invoice(plain(invoice))

    @property
    def _reader(self) -> Reader:
        return Reader(self.client, account=self.account)


PROVIDER = StripeProvider
