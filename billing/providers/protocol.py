"""What billing asks of a payment provider, in its own words. One folder beside this file implements it.

Money is an integer of minor units beside an ISO 4217 code in lower case; times are aware UTC. Every method that
writes takes an idempotency key: calling twice with the same key acts once. None may be called inside a transaction,
but `mirror`, which only writes our own database. Failures raise ProviderError (502) or CardDeclined (402).

A call that failed without an answer may have been acted upon: asking again with the same key tells, and never acts a
second time. Where a method ends in a state (cancelled, voided, detached), finding it there is as good as bringing it
there.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from billing.providers.facts import (
    CheckoutFact,
    CreditNoteFact,
    CustomerFact,
    DiscountFact,
    DisputeFact,
    Fact,
    InvoiceFact,
    InvoiceItemFact,
    InvoiceLineFact,
    PaymentFact,
    PaymentMethodFact,
    PendingUpdateFact,
    RefundFact,
    ScheduleFact,
    Snapshot,
    SubscriptionFact,
    SubscriptionItemFact,
    VerifiedEvent,
)
from billing.providers.specs import (
    BalanceSpec,
    ChangeSpec,
    CheckoutSpec,
    CouponSpec,
    CreditNoteSpec,
    InvoiceItemSpec,
    InvoiceSpec,
    ItemSpec,
    PriceSpec,
    RefundSpec,
    SetupSpec,
    TierSpec,
)
from platform_core.errors import DomainError, UpstreamError

__all__ = [
    "BalanceSpec",
    "Capabilities",
    "CardDeclined",
    "ChangeSpec",
    "CheckoutFact",
    "CheckoutSpec",
    "CouponSpec",
    "CreditNoteFact",
    "CreditNoteSpec",
    "CustomerFact",
    "DiscountFact",
    "DisputeFact",
    "Fact",
    "InvoiceFact",
    "InvoiceItemFact",
    "InvoiceItemSpec",
    "InvoiceLineFact",
    "InvoiceSpec",
    "ItemSpec",
    "PaymentFact",
    "PaymentMethodFact",
    "PaymentProvider",
    "PendingUpdateFact",
    "PriceSpec",
    "ProviderError",
    "ProviderRefused",
    "RefundFact",
    "RefundSpec",
    "ScheduleFact",
    "SetupSpec",
    "SignatureInvalid",
    "Snapshot",
    "SubscriptionFact",
    "SubscriptionItemFact",
    "TierSpec",
    "VerifiedEvent",
]


class ProviderError(UpstreamError):
    """The provider refused, failed or did not answer; the call may be repeated with the same key."""

    code = "STRIPE_ERROR"


class ProviderRefused(ProviderError):
    """The provider understood and said no: the same request will never be accepted, and nothing was done."""


class CardDeclined(DomainError):
    """The customer's bank said no, or wants the customer to confirm on the page that the invoice names."""

    status = 402
    code = "CARD_DECLINED"


class SignatureInvalid(DomainError):
    """A webhook whose signature is missing its match, or too old."""

    status = 400
    code = "STRIPE_SIGNATURE_INVALID"


@dataclass(frozen=True)
class Capabilities:
    """What a provider can do, as data: who integrates with us reads it instead of trying."""

    name: str
    display_name: str
    # ISO 4217, lower case.
    currencies: Sequence[str]
    # card, bank_debit
    methods: Sequence[str]
    features: Mapping[str, bool]
    # What one amount may come to, in minor units; of some currencies more.
    largest_minor: int
    larger_minor: Mapping[str, int]
    # Of these the last digit of an amount is 0: ISO 4217 knows a smaller unit than those who settle them.
    in_tens: Collection[str]

    def largest(self, currency: str) -> int:
        """What one amount of this currency may come to."""
        return self.larger_minor.get(currency, self.largest_minor)


class PaymentProvider(Protocol):
    """A payment provider."""

    name: str
    capabilities: Capabilities

    # --- Events ------------------------------------------------------------------------------------------------------
    def verify(self, body: bytes, signature: str) -> VerifiedEvent:
        """Check a webhook's signature and age; raises SignatureInvalid."""

    def events_since(self, since: datetime, *, after: str = "") -> Iterator[VerifiedEvent]:
        """The provider's own list of events, oldest first: from a moment on, or after the event with this id."""

    # --- Customers and how they pay ----------------------------------------------------------------------------------
    def ensure_customer(self, *, organization_id: str, name: str, email: str, key: str) -> str:
        """The provider's customer for an organization."""

    def customer(self, customer_id: str) -> CustomerFact:
        """The customer as it is now."""

    def payment_methods_of(self, customer_id: str) -> Sequence[PaymentMethodFact]:
        """What a customer saved, newest first; at most one is the default."""

    def attach_payment_method(self, method_id: str, customer_id: str, *, key: str) -> PaymentMethodFact:
        """Save a payment method for a customer; raises CardDeclined."""

    def detach_payment_method(self, method_id: str, *, key: str) -> PaymentMethodFact:
        """Forget a payment method; one that belongs to nobody stays so."""

    def set_default_payment_method(self, customer_id: str, method_id: str, *, key: str) -> CustomerFact:
        """From now on everything of this customer is charged to it: its running subscriptions too."""

    def open_portal(self, customer_id: str, return_url: str) -> str:
        """The address of the provider's own page for a customer: cards, invoices, cancelling. Good for minutes."""

    # --- Catalog -----------------------------------------------------------------------------------------------------
    def ensure_prices(self, specs: Sequence[PriceSpec]) -> dict[str, str]:
        """Create or adopt (by lookup key) products and prices, each under a key of its own; lookup key → price id."""

    def ensure_coupon(self, spec: CouponSpec, *, key: str) -> str:
        """Create or adopt (by code) a coupon and the code that people type; gives the coupon's id."""

    # --- Checkout ----------------------------------------------------------------------------------------------------
    def open_checkout(self, spec: CheckoutSpec, *, key: str) -> CheckoutFact:
        """A hosted checkout page for one subscription or a single payment."""

    def open_setup(self, spec: SetupSpec, *, key: str) -> CheckoutFact:
        """A hosted page on which a customer saves a payment method."""

    def close_checkout(self, session_id: str, *, key: str) -> CheckoutFact:
        """Let nobody pay on a page any more; one that was paid on, or had expired, is told as it is."""

    # --- Subscriptions -----------------------------------------------------------------------------------------------
    def preview_change(self, spec: ChangeSpec, *, at: datetime | None = None) -> InvoiceFact:
        """The invoice that a change would make at this moment (prorate "now": at once, else the next renewal's)."""

    def change_subscription(self, spec: ChangeSpec, *, key: str, at: datetime | None = None) -> SubscriptionFact:
        """Change a subscription now. With the moment of a preview it costs what the preview said; raises CardDeclined,
        and then the subscription is as it was. One that `may_wait` for the bank is told as `pending_update`."""

    def schedule_change(self, spec: ChangeSpec, *, key: str) -> ScheduleFact:
        """Change a subscription at its period's end; takes the place of a change that was scheduled before."""

    def scheduled_change(self, subscription_id: str) -> ScheduleFact | None:
        """The change that waits, if one does."""

    def unschedule_change(self, subscription_id: str, *, key: str) -> SubscriptionFact:
        """Let it be what it is; where nothing was scheduled nothing happens."""

    def cancel_subscription(self, subscription_id: str, *, at_period_end: bool, key: str) -> SubscriptionFact:
        """End a subscription now or with its period; a scheduled change is forgotten. One that is over stays so."""

    def resume_subscription(self, subscription_id: str, *, key: str) -> SubscriptionFact:
        """Take back a cancellation that waits for the period's end."""

    def wake_subscription(self, subscription_id: str, *, key: str) -> SubscriptionFact:
        """Go on with one that was paused because its trial ended without a way to pay: a period begins and is billed
        now. One that is not paused stays as it is; raises CardDeclined."""

    def pause_subscription(
        self, subscription_id: str, *, key: str, resumes_at: datetime | None = None
    ) -> SubscriptionFact:
        """Ask for no money until it is unpaused, or until then: renewals' invoices are voided."""

    def unpause_subscription(self, subscription_id: str, *, key: str) -> SubscriptionFact:
        """Ask for money again."""

    # --- Invoices ----------------------------------------------------------------------------------------------------
    def invoices_of(self, subscription_id: str) -> Sequence[InvoiceFact]:
        """The subscription's invoices, newest first."""

    def add_invoice_item(self, spec: InvoiceItemSpec, *, key: str) -> str:
        """Add a line; gives the item's id. Adding again with the same key gives the same id."""

    def invoice_items_of(self, customer_id: str) -> Sequence[InvoiceItemFact]:
        """Every line that was ever added for a customer, newest first: keys are forgotten, these are not."""

    def drop_invoice_item(self, item_id: str) -> None:
        """Take back a line that waits: no invoice asks for it any more. One that is gone stays so."""

    def create_invoice(self, *, customer_id: str, subscription_id: str, key: str) -> InvoiceFact:
        """A draft of the customer's pending items, for a subscription that will not renew by itself."""

    def open_invoice(self, spec: InvoiceSpec, *, key: str) -> InvoiceFact:
        """A draft over an amount that we computed; opening again with the same key gives the same draft."""

    def finalize_invoice(self, invoice_id: str, *, key: str) -> InvoiceFact:
        """Make a draft final; one that is already final is returned as it is."""

    def pay_invoice(self, invoice_id: str, *, key: str) -> InvoiceFact:
        """Charge the customer's default card; raises CardDeclined. A paid invoice is returned as it is."""

    def give_up_invoice(self, invoice_id: str, *, key: str) -> InvoiceFact:
        """Mark an open invoice as uncollectible; one that is settled in any way is returned as it is."""

    def void_invoice(self, invoice_id: str, *, key: str) -> InvoiceFact:
        """Ask for an open invoice's money no longer; a paid or void one is returned as it is."""

    # --- Money back --------------------------------------------------------------------------------------------------
    def payments_of(self, *, customer_id: str = "", invoice_id: str = "") -> Sequence[PaymentFact]:
        """The tries to collect money: a customer's, or an invoice's; newest first."""

    def refund(self, spec: RefundSpec, *, key: str) -> RefundFact:
        """Send money back; more than is left of the payment is a ProviderError."""

    def credit_invoice(self, spec: CreditNoteSpec, *, key: str) -> CreditNoteFact:
        """Lower a final invoice by a credit note. What names our row already is not made again."""

    def credit_note_of(self, invoice_id: str, metadata: Mapping[str, str]) -> CreditNoteFact | None:
        """The credit note of an invoice that names our row, if one was made; one that is void too."""

    def move_balance(self, spec: BalanceSpec, *, key: str) -> str:
        """Give a customer credit, or take it out; gives the entry's id. What our row has entered is not entered twice,
        however long ago that was."""

    def balance_used(self, customer_id: str, *, before: str = "") -> Mapping[str, int]:
        """How much of a customer's balance each of the latest invoices used, by its id: of a void one nothing, and
        below nothing where it added to it. Given an entry's id, only what was used before that entry."""

    # --- Reading -----------------------------------------------------------------------------------------------------
    def snapshot(self, kind: str, object_id: str) -> Snapshot | None:
        """Read the object of an event of this kind; None where the kind concerns nothing of ours."""

    def mirror(self, snapshot: Snapshot) -> None:
        """Write the raw objects to the mirror tables. Calls nobody: run it in the projection's transaction.

        Give it only the latest reading of a purchase; the mirror does not tell old from new.
        """

    def subscriptions(self, created_from: datetime | None = None) -> Iterator[SubscriptionFact]:
        """Every subscription, ended ones too, newest first; for comparing the provider's books with ours."""

    def invoices(self, created_from: datetime) -> Iterator[InvoiceFact]:
        """Every invoice made since then, newest first."""

    def payments(self, created_from: datetime) -> Iterator[PaymentFact]:
        """Every payment made since then, newest first."""

    def refunds(self, created_from: datetime) -> Iterator[RefundFact]:
        """Every refund made since then, newest first."""

    def disputes(self, created_from: datetime) -> Iterator[DisputeFact]:
        """Every dispute opened since then, newest first."""
