"""What Stripe holds, kind by kind, for comparing its books with ours."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from billing.providers.facts import DisputeFact, InvoiceFact, PaymentFact, RefundFact, SubscriptionFact
from billing.providers.stripe.client import calling
from billing.providers.stripe.normalize import Raw, id_of, normalize_invoice, normalize_subscription, plain
from billing.providers.stripe.normalize_money import normalize_dispute, normalize_payment, normalize_refund
from billing.providers.stripe.plain_api import PAGE

if TYPE_CHECKING:
    from stripe._v1_services import V1Services

# A payment's fee and what was paid with: one call instead of three.
WITH_CHARGE = ["latest_charge.balance_transaction", "payment_method"]
EACH_WITH_CHARGE = [f"data.{name}" for name in WITH_CHARGE]
EACH_WITH_PAYMENTS = ["data.payments"]


def pages(ask: Callable[..., Any], params: Mapping[str, Any]) -> Iterator[Raw]:
    """Each object, page by page: between two pages whoever reads may do as they like, also in a transaction."""
    cursor: dict[str, str] = {}
    while True:
        with calling():
            page = ask({**params, **cursor, "limit": PAGE})
            found = [plain(each) for each in page.data]
        yield from found
        if not page.has_more:
            return
        cursor = {"starting_after": found[-1]["id"]}


def subscriptions(api: "V1Services", created_from: datetime | None) -> Iterator[SubscriptionFact]:
    """Every subscription."""
    wanted = {"status": "all", "expand": ["data.discounts"], **(_since(created_from) if created_from else {})}
    return (normalize_subscription(raw) for raw in pages(api.subscriptions.list, wanted))


def invoices(api: "V1Services", created_from: datetime) -> Iterator[InvoiceFact]:
    """Every invoice, with all of its lines."""
    for raw in pages(api.invoices.list, _since(created_from)):
        if raw["lines"]["has_more"]:
            lines = pages(lambda params, of=raw["id"]: api.invoices.line_items.list(of, params), {})
            yield normalize_invoice({**raw, "lines": {**raw["lines"], "data": list(lines)}})
        else:
            yield normalize_invoice(raw)


def payments(api: "V1Services", created_from: datetime) -> Iterator[PaymentFact]:
    """Every payment. Which invoice each is for is read first, at one go."""
    links = {
        id_of(raw["payment"].get("payment_intent")): id_of(raw["invoice"])
        for raw in pages(api.invoice_payments.list, _since(created_from))
    }
    for raw in pages(api.payment_intents.list, {**_since(created_from), "expand": EACH_WITH_CHARGE}):
        yield normalize_payment(raw, invoice_id=links.get(raw["id"], ""))


def refunds(api: "V1Services", created_from: datetime) -> Iterator[RefundFact]:
    """Every refund."""
    return (normalize_refund(raw) for raw in pages(api.refunds.list, _since(created_from)))


def disputes(api: "V1Services", created_from: datetime) -> Iterator[DisputeFact]:
    """Every dispute."""
    return (normalize_dispute(raw) for raw in pages(api.disputes.list, _since(created_from)))


def _since(moment: datetime) -> dict[str, Any]:
    return {"created": {"gte": int(moment.timestamp())}}


def payments_of(api: "V1Services", *, customer_id: str, invoice_id: str) -> Sequence[PaymentFact]:
    """An invoice's, or all of a customer's."""
    if invoice_id:
        linked = list(pages(api.invoice_payments.list, {"invoice": invoice_id}))
        found = [_intent(api, id_of(link["payment"].get("payment_intent"))) for link in linked]
        return [normalize_payment(raw, invoice_id=invoice_id) for raw in found]
    links = links_of(pages(api.invoices.list, {"customer": customer_id, "expand": EACH_WITH_PAYMENTS}))
    of_customer = pages(api.payment_intents.list, {"customer": customer_id, "expand": EACH_WITH_CHARGE})
    return [normalize_payment(raw, invoice_id=links.get(raw["id"], "")) for raw in of_customer]


def _intent(api: "V1Services", intent_id: str) -> Raw:
    return plain(api.payment_intents.retrieve(intent_id, {"expand": WITH_CHARGE}))


def links_of(found: Iterator[Raw] | Sequence[Raw]) -> dict[str, str]:
    """Which invoice each payment intent is for, from invoices with their payments."""
    return {
        id_of(payment["payment"].get("payment_intent")): invoice["id"]
        for invoice in found
        for payment in (invoice.get("payments") or {}).get("data") or ()
    }
