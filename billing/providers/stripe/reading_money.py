"""The money of a purchase: its payments, what went back of them, and what the customer saved to pay with."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from billing.providers.stripe.normalize import Raw, id_of
from billing.providers.stripe.normalize_money import (
    normalize_credit_note,
    normalize_dispute,
    normalize_payment,
    normalize_payment_method,
    normalize_refund,
)
from billing.providers.stripe.plain_api import PlainApi
from billing.providers.stripe.trail import WITH_CHARGE, Trail


class Money:
    """Reads beside the invoices that were read; each list is asked for once, and only where there is something."""

    def __init__(self, api: PlainApi, trail: Trail, invoices: list[Raw], *, customer: Raw) -> None:
        self.api = api
        self.trail = trail
        self.invoices = invoices
        self.customer_id = id_of(customer) if customer else ""
        # Of one who was deleted nothing is saved.
        self.saves = bool(self.customer_id) and not customer.get("deleted")

    @cached_property
    def links(self) -> dict[str, str]:
        """Which invoice each payment intent is for."""
        return {
            id_of(payment["payment"].get("payment_intent")): invoice["id"]
            for invoice in self.invoices
            for payment in (invoice.get("payments") or {}).get("data") or ()
        }

    @cached_property
    def payments(self) -> list[Raw]:
        """Of a subscription those of all its invoices; else what was found on the way."""
        found = list(self.trail.payments)
        if self.trail.subscription_id and self.links:
            known = {payment["id"] for payment in found}
            expand = [f"data.{name}" for name in WITH_CHARGE]
            theirs = self.api.all("payment_intents", customer=self.customer_id, expand=expand)
            found += [each for each in theirs if each["id"] in self.links and each["id"] not in known]
        return found

    def _charges(self, wanted: str) -> list[Raw]:
        charges = ((payment, payment.get("latest_charge")) for payment in self.payments)
        return [payment for payment, charge in charges if isinstance(charge, dict) and charge.get(wanted)]

    @cached_property
    def refunds(self) -> list[Raw]:
        """Of payments of which something went back; and the one that the event was about."""
        found = [
            refund
            for payment in self._charges("amount_refunded")
            for refund in self.api.all("refunds", payment_intent=payment["id"])
        ]
        return _joined(found, self.trail.refunds)

    @cached_property
    def disputes(self) -> list[Raw]:
        """Of payments that somebody disputed."""
        found = [
            dispute
            for payment in self._charges("disputed")
            for dispute in self.api.all("disputes", payment_intent=payment["id"])
        ]
        return _joined(found, self.trail.disputes)

    @cached_property
    def credit_notes(self) -> list[Raw]:
        """Of invoices that were lowered."""
        amounts = ("pre_payment_credit_notes_amount", "post_payment_credit_notes_amount")
        found = [
            note
            for invoice in self.invoices
            if any(invoice.get(amount) for amount in amounts)
            for note in self.api.all("credit_notes", invoice=invoice["id"])
        ]
        return _joined(found, self.trail.credit_notes)

    @cached_property
    def methods(self) -> list[Raw]:
        """What the customer saved."""
        if not self.saves:
            return self.trail.methods
        saved = self.api.all(f"customers/{self.customer_id}/payment_methods")
        return _joined(list(saved), self.trail.methods)

    def raws(self, *, held: str) -> Iterator[Raw]:
        """All of it, but the payment method that the caller holds already."""
        yield from (method for method in self.methods if method["id"] != held)
        yield from self.payments
        yield from self.refunds
        yield from self.disputes
        yield from self.credit_notes

    def facts(self, *, default: str) -> dict[str, Any]:
        """The same in our words, as fields of a snapshot."""
        return {
            "payments": tuple(
                normalize_payment(raw, invoice_id=self.links.get(raw["id"], ""), default=default)
                for raw in self.payments
            ),
            "refunds": tuple(normalize_refund(raw) for raw in self.refunds),
            "disputes": tuple(normalize_dispute(raw) for raw in self.disputes),
            "credit_notes": tuple(normalize_credit_note(raw) for raw in self.credit_notes),
            "payment_methods": tuple(normalize_payment_method(raw, default=default) for raw in self.methods),
        }


def _joined(found: Sequence[Raw], more: Sequence[Raw]) -> list[Raw]:
    known = {each["id"] for each in found}
    return [*found, *(each for each in more if each["id"] not in known)]
