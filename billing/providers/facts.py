"""What a provider tells us, in billing's own words.

Money is an integer of minor units beside an ISO 4217 code in lower case; times are aware UTC; an id that is not there
is "". A fact is the provider's present knowledge: nothing in it was computed by us.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class VerifiedEvent:
    """A webhook whose signature held, or an event from the provider's own list."""

    id: str
    kind: str
    object_id: str
    occurred_at: datetime
    # The text as it came.
    body: str
    # By what its object is read, and whose it is as far as the event says: events of one subject are settled by one
    # reading, those of one owner by one worker at a time.
    subject_id: str = ""
    owner_id: str = ""


@dataclass(frozen=True)
class CheckoutFact:
    """A hosted checkout. status: open, complete, expired. mode: subscription, payment, setup."""

    id: str
    status: str
    # unpaid, paid, no_payment_required; a bank debit is unpaid until the bank has paid.
    payment_status: str
    url: str
    email: str
    customer_id: str
    subscription_id: str
    # Our CheckoutSession's id.
    reference: str
    mode: str = "subscription"
    # Of a single payment: what was paid with, and what for.
    payment_id: str = ""
    invoice_id: str = ""
    currency: str = ""
    subtotal_minor: int = 0
    discount_minor: int = 0
    tax_minor: int = 0
    total_minor: int = 0
    # Of a setup: the payment method that was saved.
    payment_method_id: str = ""
    created_at: datetime | None = None
    expires_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DiscountFact:
    """A coupon at work on a subscription."""

    id: str
    coupon_id: str
    # The code a person typed, where there was one.
    promotion_code_id: str
    started_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class SubscriptionItemFact:
    """One price within a subscription: the plan, or something sold beside it."""

    id: str
    price_id: str
    quantity: int
    period_start: datetime
    period_end: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PendingUpdateFact:
    """A change that is made once its invoice is paid, and forgotten where that is not done in time."""

    invoice_id: str
    expires_at: datetime


@dataclass(frozen=True)
class SubscriptionFact:
    """A subscription. `price_id`, `quantity` and the period are its first item's: the plan's; all are in `items`."""

    id: str
    customer_id: str
    # incomplete, incomplete_expired, trialing, active, past_due, unpaid, paused, canceled
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
    items: Sequence[SubscriptionItemFact] = ()
    trial_start: datetime | None = None
    trial_end: datetime | None = None
    # How collection is paused (void, keep_as_draft, mark_uncollectible), or "".
    pause: str = ""
    resumes_at: datetime | None = None
    discounts: Sequence[DiscountFact] = ()
    payment_method_id: str = ""
    latest_invoice_id: str = ""
    # Of a change that waits for the period's end.
    schedule_id: str = ""
    pending_update: PendingUpdateFact | None = None
    currency: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True)
class ScheduleFact:
    """A change that waits for its day. status: not_started, active, completed, released, canceled."""

    id: str
    subscription_id: str
    status: str
    # What the subscription will be for, and from when on; "" and None once nothing is to come.
    price_id: str
    quantity: int
    takes_effect_at: datetime | None
    # So many of each price, the plan's among them.
    items: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class InvoiceLineFact:
    """One line. `metadata` holds what we put on the item: {"kind": "overage", "billing_period": id}."""

    id: str
    description: str
    # Before discounts and taxes that are not included.
    amount_minor: int
    # Of what a tier costs by itself, whatever the quantity, 0.
    quantity: int
    period_start: datetime
    period_end: datetime
    price_id: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    discount_minor: int = 0
    tax_minor: int = 0
    is_proration: bool = False


@dataclass(frozen=True)
class InvoiceFact:
    """An invoice and its lines. status: draft, open, paid, uncollectible, void. A preview has no id."""

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
    discount_minor: int = 0
    # After the customer's balance: what is, or was, asked for; and what of it is not paid yet.
    due_minor: int = 0
    remaining_minor: int = 0
    # Credited by credit notes before and after it was paid.
    credited_before_minor: int = 0
    credited_after_minor: int = 0
    # The customer's balance that it began with and left; credit is negative.
    starting_balance_minor: int = 0
    ending_balance_minor: int | None = None
    attempt_count: int = 0
    next_attempt_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class InvoiceItemFact:
    """A line that was added, and the invoice it is on; "" while it waits for one."""

    id: str
    invoice_id: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PaymentMethodFact:
    """How somebody pays. kind: card, or bank_debit. The number itself stays with the provider."""

    id: str
    kind: str
    # The card's brand, or the bank's name.
    brand: str
    last4: str
    # Of a card; 0 otherwise.
    exp_month: int = 0
    exp_year: int = 0
    is_default: bool = False
    customer_id: str = ""


@dataclass(frozen=True)
class CustomerFact:
    """A customer. The balance is credit where it is negative."""

    id: str
    email: str
    name: str
    balance_minor: int = 0
    currency: str = ""
    default_payment_method_id: str = ""
    # Owes the last payment of something.
    is_delinquent: bool = False
    is_deleted: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PaymentFact:
    """A try to collect money. status: pending, requires_action, processing, succeeded, failed, canceled."""

    id: str
    # The latest try's; "" before the first.
    charge_id: str
    status: str
    amount_minor: int
    currency: str
    received_minor: int = 0
    refunded_minor: int = 0
    # What the provider kept; 0 until it knows.
    fee_minor: int = 0
    is_disputed: bool = False
    customer_id: str = ""
    # Of an invoice; "" for a single payment.
    invoice_id: str = ""
    method: PaymentMethodFact | None = None
    failure_code: str = ""
    # For the customer to read.
    failure: str = ""
    description: str = ""
    created_at: datetime | None = None
    # When the money was collected.
    paid_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RefundFact:
    """Money on its way back. status: pending, requires_action, succeeded, failed, canceled."""

    id: str
    payment_id: str
    charge_id: str
    status: str
    amount_minor: int
    currency: str
    reason: str = ""
    failure: str = ""
    created_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DisputeFact:
    """A payment that the customer's bank takes back. status: as the provider says; `is_open` until won or lost."""

    id: str
    payment_id: str
    charge_id: str
    # needs_response, under_review, won, lost, warning_…
    status: str
    amount_minor: int
    currency: str
    reason: str
    # What the provider kept for it, and what it has taken from our balance at present (fee included).
    fee_minor: int = 0
    withdrawn_minor: int = 0
    is_open: bool = True
    created_at: datetime | None = None
    answer_by: datetime | None = None


@dataclass(frozen=True)
class CreditNoteFact:
    """What an invoice was lowered by. kind: pre_payment, post_payment, mixed. status: issued, void."""

    id: str
    number: str
    invoice_id: str
    customer_id: str
    status: str
    kind: str
    currency: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    # Of what was paid already: sent back, or kept as the customer's credit.
    refunded_minor: int = 0
    credited_minor: int = 0
    refund_ids: Sequence[str] = ()
    reason: str = ""
    memo: str = ""
    created_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


Fact = (
    CheckoutFact
    | SubscriptionFact
    | ScheduleFact
    | InvoiceFact
    | CustomerFact
    | PaymentMethodFact
    | PaymentFact
    | RefundFact
    | DisputeFact
    | CreditNoteFact
)


@dataclass(frozen=True)
class Snapshot:
    """What the provider knows now of the object of an event, with everything that hangs on it.

    `observed_at` is the machine's time just before the first read: an older snapshot never overwrites a newer one.
    `raw` is the provider's own objects in the order in which they can be mirrored without another call. What belongs
    to no subscription (a single purchase, a card, a customer) is a snapshot without one.
    """

    observed_at: datetime
    checkout: CheckoutFact | None = None
    subscription: SubscriptionFact | None = None
    invoices: Sequence[InvoiceFact] = ()
    raw: Sequence[Any] = ()
    customer: CustomerFact | None = None
    schedule: ScheduleFact | None = None
    payments: Sequence[PaymentFact] = ()
    refunds: Sequence[RefundFact] = ()
    disputes: Sequence[DisputeFact] = ()
    credit_notes: Sequence[CreditNoteFact] = ()
    payment_methods: Sequence[PaymentMethodFact] = ()

    @cached_property
    def holds(self) -> frozenset[str]:
        """The ids of all that was read."""
        single = (self.checkout, self.subscription, self.customer, self.schedule)
        many = (self.invoices, self.payments, self.refunds, self.disputes, self.credit_notes, self.payment_methods)
        facts = [fact for fact in single if fact is not None] + [fact for facts in many for fact in facts]
        charges = {payment.charge_id for payment in self.payments if payment.charge_id}
        return frozenset({fact.id for fact in facts} | charges)

    @cached_property
    def digest(self) -> str:
        """Two readings with the same digest found the same."""
        return hashlib.sha256(json.dumps(self.raw, sort_keys=True).encode()).hexdigest()
