"""What billing asks a provider for: the parameters of `PaymentProvider`'s methods, where they are more than an id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

# A change's difference: billed at once, with the next invoice, or not at all.
Prorate = Literal["now", "next_invoice", "none"]


@dataclass(frozen=True)
class TierSpec:
    """Up to so many units (None: all that are left) each costs so much, and the tier itself so much."""

    up_to: int | None
    unit_nano: int
    flat_minor: int = 0


@dataclass(frozen=True)
class PriceSpec:
    """A price as the provider should hold it. interval: month, year, or "" for a single payment.

    scheme: per_unit takes `amount_minor` (or `unit_nano`, where a unit costs a fraction of a minor unit), package takes
    `amount_minor` per `package_size` units begun, graduated and volume take `tiers`.
    """

    lookup_key: str
    product_code: str
    product_name: str
    currency: str
    amount_minor: int
    interval: str
    scheme: Literal["per_unit", "package", "graduated", "volume"] = "per_unit"
    unit_nano: int | None = None
    package_size: int = 1
    tiers: Sequence[TierSpec] = ()


@dataclass(frozen=True)
class CouponSpec:
    """A coupon: hundredths of a percent, or an amount, off. `code` is what people type, and its id everywhere."""

    code: str
    name: str
    percent_basis_points: int = 0
    amount_minor: int = 0
    currency: str = ""
    duration: Literal["once", "repeating", "forever"] = "once"
    # Of a repeating one.
    months: int = 0
    max_redemptions: int | None = None
    redeem_by: datetime | None = None
    # Only for somebody who never bought before.
    first_purchase_only: bool = False
    # Only these products, by their code; none: all.
    product_codes: Sequence[str] = ()


@dataclass(frozen=True)
class ItemSpec:
    """A price and how many of it."""

    price_id: str
    quantity: int = 1


@dataclass(frozen=True)
class CheckoutSpec:
    """A hosted checkout to open. `reference` is our CheckoutSession's id. mode: subscription, payment.

    A coupon is given (`coupon_id`), or a field in which to type a code is shown; not both. A trial of 0 days is none.
    """

    reference: str
    price_id: str
    customer_id: str
    email: str
    success_url: str
    cancel_url: str
    metadata: Mapping[str, str]
    quantity: int = 1
    mode: Literal["subscription", "payment"] = "subscription"
    # Sold beside the price: add-ons; in a subscription also single payments, which are on its first invoice.
    items: Sequence[ItemSpec] = ()
    coupon_id: str = ""
    allow_promotion_codes: bool = False
    trial_days: int = 0
    # Where the trial ends without a way to pay.
    after_trial: Literal["pause", "cancel"] = "pause"
    # A single payment gets an invoice of the provider's.
    invoiced: bool = False
    # What the customer may pay with: card, bank_debit.
    methods: Sequence[str] = ("card",)
    expires_at: datetime | None = None


@dataclass(frozen=True)
class SetupSpec:
    """A hosted page on which a customer saves a card or a bank account, charging nothing."""

    reference: str
    customer_id: str
    currency: str
    success_url: str
    cancel_url: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    methods: Sequence[str] = ("card",)


@dataclass(frozen=True)
class ChangeSpec:
    """What a subscription should be for from now on (or, scheduled, from its next period).

    `price_id` and `quantity` are the plan's. Its item is `item_id`, else the one at `price_id` or, until now, at
    `from_price_id`, else the first. `items` is what changes beside it, so many of each price: none, and it goes. What
    is not named stays.
    """

    subscription_id: str
    price_id: str
    quantity: int = 1
    prorate: Prorate = "now"
    coupon_id: str = ""
    # A trial that ends then; one that has begun ends now where it is in the past.
    trial_end: datetime | None = None
    items: Sequence[ItemSpec] = ()
    item_id: str = ""
    from_price_id: str = ""
    # Where the customer's bank wants to hear from them first, the change waits for that instead of being refused.
    may_wait: bool = False


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


@dataclass(frozen=True)
class InvoiceSpec:
    """An invoice of one line, over an amount that we computed: tax and whatever else is in it already."""

    customer_id: str
    amount_minor: int
    currency: str
    description: str
    period_start: datetime
    period_end: datetime
    # On the invoice and on its line.
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class RefundSpec:
    """Money to send back: all that is left of a payment, or so much of it."""

    payment_id: str
    amount_minor: int | None = None
    reason: Literal["", "duplicate", "fraudulent", "requested_by_customer"] = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BalanceSpec:
    """Credit for a customer, which the provider's next invoices use first; below nothing, to take it out again."""

    customer_id: str
    amount_minor: int
    currency: str
    description: str
    # Names our own row: what is there already is not entered again.
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class CreditNoteSpec:
    """Lowers a final invoice by an amount (taxes included). What was paid of it is sent back or kept as credit."""

    invoice_id: str
    amount_minor: int
    # What was paid already: sent back, or kept as the customer's credit; each 0 on an open invoice.
    refund_minor: int = 0
    credit_minor: int = 0
    reason: Literal["", "duplicate", "fraudulent", "order_change", "product_unsatisfactory"] = ""
    memo: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
