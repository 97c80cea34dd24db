"""From the object that an event names to the purchase it belongs to: each kind is asked where it leads."""

from dataclasses import dataclass, field
from typing import Any

from billing.providers.stripe.normalize import Raw, id_of, subscription_of
from billing.providers.stripe.plain_api import PlainApi

# A customer who comes back has a card before there is a subscription.
WITH_CUSTOMER = ["customer.invoice_settings.default_payment_method"]
WITH_SETUP = [*WITH_CUSTOMER, "setup_intent"]
# Of an invoice, and of each of its lines.
WITH_DISCOUNTS = ["discounts", "lines.data.discounts"]
WITH_CHARGE = ["latest_charge.balance_transaction", "payment_method"]


@dataclass
class Trail:
    """What was found on the way; what is read whole afterwards begins here."""

    subscription_id: str = ""
    customer_id: str = ""
    checkout: Raw | None = None
    invoice: Raw | None = None
    payments: list[Raw] = field(default_factory=list)
    refunds: list[Raw] = field(default_factory=list)
    disputes: list[Raw] = field(default_factory=list)
    credit_notes: list[Raw] = field(default_factory=list)
    methods: list[Raw] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether it leads nowhere."""
        return not (self.subscription_id or self.customer_id or self.checkout or self.payments or self.methods)


class Tracker:
    """Follows with one client."""

    def __init__(self, api: PlainApi) -> None:
        self.api = api

    def follow(self, kind: str, object_id: str) -> Trail:
        """The longest beginning of a kind that is known says how."""
        trail = Trail()
        known = [beginning for beginning in STEPS if kind.startswith(beginning)]
        if known and object_id:
            STEPS[max(known, key=len)](self, trail, object_id)
        return trail

    def checkout(self, trail: Trail, object_id: str) -> None:
        found = self.api.one("checkout/sessions", object_id, expand=WITH_SETUP)
        trail.checkout = found
        trail.subscription_id = id_of(found.get("subscription"))
        trail.customer_id = id_of(found.get("customer"))
        if found["mode"] != "subscription":
            self._single(trail, found)

    def _single(self, trail: Trail, checkout: Raw) -> None:
        """What a checkout without a subscription left: an invoice, or only a payment."""
        if checkout.get("invoice"):
            self.invoice(trail, id_of(checkout["invoice"]))
        elif checkout.get("payment_intent"):
            trail.payments.append(self._intent(id_of(checkout["payment_intent"])))

    def _intent(self, intent_id: str) -> Raw:
        return self.api.one("payment_intents", intent_id, expand=WITH_CHARGE)

    def subscription(self, trail: Trail, object_id: str) -> None:
        trail.subscription_id = object_id
        trail.checkout = self.api.first("checkout/sessions", subscription=object_id)

    def invoice(self, trail: Trail, object_id: str) -> None:
        found = self.api.one("invoices", object_id, expand=["payments", *WITH_DISCOUNTS])
        subscription_id = subscription_of(found)
        if subscription_id:
            self.subscription(trail, subscription_id)
            return
        trail.invoice = found
        trail.customer_id = id_of(found.get("customer"))
        linked = [id_of(each["payment"].get("payment_intent")) for each in found["payments"]["data"]]
        known = {payment["id"] for payment in trail.payments}
        trail.payments += [self._intent(each) for each in linked if each and each not in known]

    def invoice_payment(self, trail: Trail, object_id: str) -> None:
        self.invoice(trail, id_of(self.api.one("invoice_payments", object_id)["invoice"]))

    def payment(self, trail: Trail, object_id: str) -> None:
        """Of an invoice, of a checkout, or of nothing else."""
        found = self._intent(object_id)
        trail.payments.append(found)
        trail.customer_id = id_of(found.get("customer"))
        of = {"type": "payment_intent", "payment_intent": object_id}
        if link := self.api.first("invoice_payments", payment=of):
            self.invoice(trail, id_of(link["invoice"]))
        if not trail.subscription_id:
            trail.checkout = self.api.first("checkout/sessions", payment_intent=object_id)

    def charge(self, trail: Trail, object_id: str) -> None:
        self._payment_of(trail, self.api.one("charges", object_id))

    def refund(self, trail: Trail, object_id: str) -> None:
        found = self.api.one("refunds", object_id)
        trail.refunds.append(found)
        self._payment_of(trail, found)

    def dispute(self, trail: Trail, object_id: str) -> None:
        found = self.api.one("disputes", object_id)
        trail.disputes.append(found)
        self._payment_of(trail, found)

    def _payment_of(self, trail: Trail, found: Raw) -> None:
        trail.customer_id = id_of(found.get("customer"))
        if found.get("payment_intent"):
            self.payment(trail, id_of(found["payment_intent"]))

    def credit_note(self, trail: Trail, object_id: str) -> None:
        found = self.api.one("credit_notes", object_id)
        trail.credit_notes.append(found)
        self.invoice(trail, id_of(found["invoice"]))

    def method(self, trail: Trail, object_id: str) -> None:
        found = self.api.one("payment_methods", object_id)
        trail.methods.append(found)
        trail.customer_id = id_of(found.get("customer"))

    def setup(self, trail: Trail, object_id: str) -> None:
        trail.customer_id = id_of(self.api.one("setup_intents", object_id).get("customer"))

    def schedule(self, trail: Trail, object_id: str) -> None:
        found = self.api.one("subscription_schedules", object_id)
        held = id_of(found.get("subscription") or found.get("released_subscription"))
        if held:
            self.subscription(trail, held)

    def customer(self, trail: Trail, object_id: str) -> None:
        trail.customer_id = object_id


STEPS: dict[str, Any] = {
    "charge.": Tracker.charge,
    "charge.dispute.": Tracker.dispute,
    "charge.refund.": Tracker.refund,
    "checkout.session.": Tracker.checkout,
    "credit_note.": Tracker.credit_note,
    "customer.created": Tracker.customer,
    "customer.updated": Tracker.customer,
    "customer.deleted": Tracker.customer,
    "customer.subscription.": Tracker.subscription,
    "invoice.": Tracker.invoice,
    "invoice_payment.": Tracker.invoice_payment,
    "payment_intent.": Tracker.payment,
    "payment_method.": Tracker.method,
    "refund.": Tracker.refund,
    "setup_intent.": Tracker.setup,
    "subscription_schedule.": Tracker.schedule,
}
