"""Stripe as a payment provider. In the sandbox it is the same code with another HTTP client underneath."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import stripe
from django.conf import settings

from billing.providers.protocol import (
    CardDeclined,
    CheckoutFact,
    CheckoutSpec,
    InvoiceFact,
    InvoiceItemFact,
    InvoiceItemSpec,
    PriceSpec,
    Snapshot,
    VerifiedEvent,
)
from billing.providers.stripe import catalog, mirror, signatures
from billing.providers.stripe.client import build_client, calling
from billing.providers.stripe.normalize import Raw, id_of, normalize_checkout, normalize_invoice, normalize_item
from billing.providers.stripe.reading import PAGE, Reader, account_of, plain

if TYPE_CHECKING:
    from stripe.params import InvoiceCreateParams, InvoiceItemCreateParams
    from stripe.params.checkout import SessionCreateParams

MISSING = "resource_missing"
# What paying an invoice is refused with where there is no card to charge.
NO_CARD = "missing"
PAID = ("paid",)
SETTLED = ("paid", "uncollectible", "void")
FINAL = ("open", *SETTLED)

InvoiceAction = Callable[..., stripe.Invoice]


class StripeProvider:
    """Implements `billing.providers.protocol.PaymentProvider`."""

    name = "stripe"

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

    def ensure_customer(self, *, organization_id: str, name: str, email: str, key: str) -> str:
        """A customer that names the organization it stands for."""
        with calling():
            customer = self.client.v1.customers.create(
                {"name": name, "email": email, "metadata": {"organization": organization_id}},
                {"idempotency_key": key},
            )
        return customer.id

    def ensure_prices(self, specs: Sequence[PriceSpec]) -> dict[str, str]:
        """Create or adopt each price by its lookup key."""
        with calling():
            return catalog.ensure_prices(self.client, specs)

    def open_checkout(self, spec: CheckoutSpec, *, key: str) -> CheckoutFact:
        """A hosted page. Our reference goes on the session and on the subscription that will come of it."""
        metadata = {**spec.metadata, "checkout": spec.reference}
        params: dict[str, Any] = {
            "mode": "subscription",
            "line_items": [{"price": spec.price_id, "quantity": spec.quantity}],
            "success_url": spec.success_url,
            "cancel_url": spec.cancel_url,
            "client_reference_id": spec.reference,
            "metadata": metadata,
            "subscription_data": {"metadata": metadata},
            **_buyer(spec),
        }
        with calling():
            session = self.client.v1.checkout.sessions.create(
                cast("SessionCreateParams", params), {"idempotency_key": key}
            )
        return normalize_checkout(plain(session))

    def close_checkout(self, session_id: str) -> CheckoutFact:
        """Expire the page; a refusal says that it is over already, one way or the other."""
        sessions = self.client.v1.checkout.sessions
        with calling():
            try:
                session = sessions.expire(session_id)
            except stripe.InvalidRequestError:
                session = sessions.retrieve(session_id)
        return normalize_checkout(plain(session))

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


def _buyer(spec: CheckoutSpec) -> Mapping[str, str]:
    """A known customer, or the address to begin with; Stripe refuses both together."""
    if spec.customer_id:
        return {"customer": spec.customer_id}
    return {"customer_email": spec.email} if spec.email else {}
