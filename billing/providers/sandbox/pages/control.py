"""The sandbox's desk: its clock, what is due, its customers, what it told the platform."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from billing.providers.sandbox import books, clock, faults
from billing.providers.sandbox.behaviour import due
from billing.providers.sandbox.faults import Fault
from billing.providers.sandbox.models import Delivery, Record
from billing.providers.sandbox.pages.access import sandbox_only
from billing.providers.sandbox.pages.forms import AdvanceForm, FaultForm
from billing.providers.sandbox.shapes import Json
from platform_core import clock as business_clock

EVENTS_SHOWN, CUSTOMERS_SHOWN, DUE_SHOWN = 25, 50, 8
WHAT_FALLS_DUE = {
    ("subscription", "active"): "renews",
    ("subscription", "past_due"): "renews, unpaid",
    ("subscription", "incomplete"): "expires unpaid",
    ("invoice", "draft"): "is finalised and charged",
    ("invoice", "open"): "is charged again",
    ("checkout.session", "open"): "expires",
    ("subscription", "trialing"): "comes to its trial's end",
    ("payment_intent", "processing"): "has its debit answered",
    ("refund", "pending"): "has a refund arrive",
    ("refund", "succeeded"): "has a refund come back",
    ("dispute", "needs_response"): "loses a dispute",
    ("dispute", "under_review"): "loses a dispute",
    ("subscription_schedule", "active"): "comes to a scheduled change",
}


@sandbox_only
@require_safe
def control(request: HttpRequest) -> HttpResponse:
    """Everything at a glance."""
    return _page(request, _advance_form(None))


@sandbox_only
@require_POST
def advance(request: HttpRequest) -> HttpResponse:
    """Move business time forward, with all that falls due on the way."""
    form = _advance_form(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    # What is overdue is reached without moving.
    now = clock.advance(by=max(form.cleaned_data["target"] - clock.now(), timedelta(0)))
    messages.success(request, f"It is now {now:%A %-d %B %Y, %H:%M} UTC.")
    return HttpResponseRedirect(reverse("sandbox:control"))


@sandbox_only
@require_POST
def order_fault(request: HttpRequest) -> HttpResponse:
    """Let something go wrong, or nothing any more."""
    if "forget" in request.POST:
        faults.forget()
        messages.success(request, "Nothing fails any more.")
        return HttpResponseRedirect(reverse("sandbox:control"))
    form = FaultForm(request.POST)
    if not form.is_valid():
        return _page(request, _advance_form(None), fault_form=form, status=400)
    wanted = form.cleaned_data
    faults.order(Fault[wanted["fault"]], method=wanted["method"], path=wanted["path"], times=wanted["times"])
    messages.success(request, f"The next {wanted['times']} of these requests will fail.")
    return HttpResponseRedirect(reverse("sandbox:control"))


def _advance_form(data: Any) -> AdvanceForm:
    moment = due.next_moment("subscription")
    renewal = datetime.fromtimestamp(moment, UTC) if moment else None
    now = clock.now()
    return AdvanceForm(data, now=now, next_renewal=max(renewal, now) if renewal else None)


def _page(
    request: HttpRequest, form: AdvanceForm, *, fault_form: FaultForm | None = None, status: int = 200
) -> HttpResponse:
    ahead, customers = clock.offset(), _customers()
    names = {customer["id"]: customer.get("name") or customer.get("email") for customer in customers}
    context = {
        "form": form,
        "fault_form": fault_form or FaultForm(),
        "ordered": faults.pending(),
        "now": form.now,
        "machine_time": business_clock.wall(),
        "is_ahead": bool(ahead),
        "due": [_due_row(record) | {"whose": names.get(record.customer)} for record in _due_records()],
        "customers": customers,
        "events": _events(),
    }
    return render(request, "sandbox/control.html", context, status=status)


def _due_records() -> list[Record]:
    return list(Record.objects.filter(due_at__isnull=False).order_by("due_at", "sequence")[:DUE_SHOWN])


def _due_row(record: Record) -> Json:
    what = WHAT_FALLS_DUE.get((record.kind, record.status), "changes")
    return {"at": record.due_at, "id": record.object_id, "customer": record.customer, "kind": record.kind, "what": what}


def _customers() -> list[Json]:
    with books.reading() as account:
        rows = account.rows("customer").exclude(status="deleted").order_by("-sequence")[:CUSTOMERS_SHOWN]
        shown = [row.data for row in rows]
        states: dict[str, list[str]] = {}
        for row in account.rows("subscription", customer__in=[customer["id"] for customer in shown]):
            states.setdefault(row.customer, []).append(row.status)
    return [{**customer, "states": states.get(customer["id"], [])} for customer in shown]


def _events() -> list[Json]:
    """The newest events with how their deliveries go."""
    with books.reading() as account:
        events = [row.data for row in account.rows("event").order_by("-sequence")[:EVENTS_SHOWN]]
    deliveries: dict[str, list[Delivery]] = {}
    for delivery in Delivery.objects.filter(event_id__in=[event["id"] for event in events]):
        deliveries.setdefault(delivery.event_id, []).append(delivery)
    return [
        {
            "id": event["id"],
            "type": event["type"],
            "created": event["created"],
            "object": event["data"]["object"]["id"],
            "deliveries": deliveries.get(event["id"], []),
        }
        for event in events
    ]
