"""What billing asks of a payment provider, in its own words. One folder beside this file implements it.

Money is an integer of minor units beside an ISO 4217 code in lower case; times are aware UTC. Every method that
writes takes an idempotency key: calling twice with the same key acts once. None may be called inside a transaction,
but `mirror`, which only writes our own database. Failures raise ProviderError (502) or CardDeclined (402).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from platform_core.errors import DomainError, UpstreamError


class ProviderError(UpstreamError):
    """The provider refused, failed or did not answer; the call may be repeated with the same key."""

    code = "STRIPE_ERROR"


class CardDeclined(DomainError):
    """The customer's bank said no."""

    status = 402
    code = "CARD_DECLINED"


class SignatureInvalid(DomainError):
    """A webhook whose signature is missing its match, or too old."""

    status = 400
    code = "STRIPE_SIGNATURE_INVALID"


@dataclass(frozen=True)
class VerifiedEvent:
    """A webhook whose signature held."""

    id: str
    kind: str
    object_id: str
    occurred_at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class CheckoutFact:
    """A hosted checkout. status: open, complete, expired."""

    id: str
    status: str
    payment_status: str
    url: str
    email: str
    customer_id: str
    subscription_id: str
    # Our CheckoutSession's id.
    reference: str


@dataclass(frozen=True)
class SubscriptionFact:
    """A subscription with one priced item; the period is the item's."""

    id: str
    customer_id: str
    status: str
    price_id: str
    quantity: int
    period_start: datetime
    period_end: datetime
    cancel_at_period_end: bool
    # When cancellation was asked for; with cancel_at_period_end that is before it ended.
    canceled_at: datetime | None
    ended_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class InvoiceLineFact:
    """One line. `metadata` holds what we put on the item: {"kind": "overage", "billing_period": id}."""

    id: str
    description: str
    amount_minor: int
    quantity: int
    period_start: datetime
    period_end: datetime
    price_id: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class InvoiceFact:
    """An invoice and its lines. status: draft, open, paid, uncollectible, void."""

    id: str
    number: str
    status: str
    billing_reason: str
    customer_id: str
    subscription_id: str
    currency: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int
    period_start: datetime
    period_end: datetime
    created_at: datetime
    finalized_at: datetime | None
    paid_at: datetime | None
    payment_error: str
    # The hosted page on which the customer can pay it; "" while it is a draft.
    payment_url: str = ""
    lines: Sequence[InvoiceLineFact] = ()


@dataclass(frozen=True)
class InvoiceItemFact:
    """A line that was added, and the invoice it is on; "" while it waits for one."""

    id: str
    invoice_id: str
    metadata: Mapping[str, str] = field(default_factory=dict)


Fact = CheckoutFact | SubscriptionFact | InvoiceFact


@dataclass(frozen=True)
class Snapshot:
    """What the provider knows now of the object of an event, with everything that hangs on it.

    `observed_at` is the machine's time just before the first read: an older snapshot never overwrites a newer one.
    `raw` is the provider's own objects in the order in which they can be mirrored without another call.
    """

    observed_at: datetime
    checkout: CheckoutFact | None = None
    subscription: SubscriptionFact | None = None
    invoices: Sequence[InvoiceFact] = ()
    raw: Sequence[Any] = ()

    @cached_property
    def digest(self) -> str:
        """Two readings with the same digest found the same."""
        return hashlib.sha256(json.dumps(self.raw, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class PriceSpec:
    """A recurring price as the provider should hold it. interval: month or year."""

    lookup_key: str
    product_code: str
    product_name: str
    currency: str
    amount_minor: int
    interval: str


@dataclass(frozen=True)
class CheckoutSpec:
    """A hosted checkout to open. `reference` is our CheckoutSession's id."""

    reference: str
    price_id: str
    customer_id: str
    email: str
    success_url: str
    cancel_url: str
    metadata: Mapping[str, str]
    quantity: int = 1


@dataclass(frozen=True)
class InvoiceItemSpec:
    """A line to add to an invoice: to the draft named by `invoice_id`, else to the customer's next one."""

    customer_id: str
    subscription_id: str
    invoice_id: str
    amount_minor: int
    currency: str
    description: str
    period_start: datetime
    period_end: datetime
    metadata: Mapping[str, str]


class PaymentProvider(Protocol):
    """A payment provider."""

    name: str

    def verify(self, body: bytes, signature: str) -> VerifiedEvent:
        """Check a webhook's signature and age; raises SignatureInvalid."""

    def ensure_customer(self, *, organization_id: str, name: str, email: str, key: str) -> str:
        """The provider's customer for an organization."""

    def ensure_prices(self, specs: Sequence[PriceSpec]) -> dict[str, str]:
        """Create or adopt (by lookup key) products and prices; gives lookup key → provider price id."""

    def open_checkout(self, spec: CheckoutSpec, *, key: str) -> CheckoutFact:
        """A hosted checkout page for one subscription."""

    def close_checkout(self, session_id: str) -> CheckoutFact:
        """Let nobody pay on a page any more; one that was paid on, or had expired, is told as it is."""

    def snapshot(self, kind: str, object_id: str) -> Snapshot | None:
        """Read the object of an event of this kind; None where the kind concerns nothing of ours."""

    def mirror(self, snapshot: Snapshot) -> None:
        """Write the raw objects to the mirror tables. Calls nobody: run it in the projection's transaction.

        Give it only the latest reading of a purchase; the mirror does not tell old from new.
        """

    def invoices_of(self, subscription_id: str) -> Sequence[InvoiceFact]:
        """The subscription's invoices, newest first."""

    def add_invoice_item(self, spec: InvoiceItemSpec, *, key: str) -> str:
        """Add a line; gives the item's id. Adding again with the same key gives the same id."""

    def invoice_items_of(self, customer_id: str) -> Sequence[InvoiceItemFact]:
        """Every line that was ever added for a customer, newest first: keys are forgotten, these are not."""

    def create_invoice(self, *, customer_id: str, subscription_id: str, key: str) -> InvoiceFact:
        """A draft of the customer's pending items, for a subscription that will not renew by itself."""

    def finalize_invoice(self, invoice_id: str, *, key: str) -> InvoiceFact:
        """Make a draft final; one that is already final is returned as it is."""

    def pay_invoice(self, invoice_id: str, *, key: str) -> InvoiceFact:
        """Charge the customer's default card; raises CardDeclined. A paid invoice is returned as it is."""

    def give_up_invoice(self, invoice_id: str, *, key: str) -> InvoiceFact:
        """Mark an open invoice as uncollectible; one that is settled in any way is returned as it is."""
