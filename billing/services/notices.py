"""Mail of billing to an organization. The same key owes a message once, however often its reason is found again."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse

from billing.models import Dunning, Invoice, PlanVersion, Subscription, SubscriptionChange
from billing.money import format_minor
from billing.services import add_ons, carts
from orgs.models import Organization
from platform_core.services import mail

# Of which changes a mail tells.
TOLD = {
    SubscriptionChange.Kind.UPGRADE: "billing/plan_changed",
    SubscriptionChange.Kind.DOWNGRADE: "billing/plan_changed",
    SubscriptionChange.Kind.ADD_ONS: "billing/add_ons_changed",
    SubscriptionChange.Kind.CANCEL: "billing/subscription_will_end",
    SubscriptionChange.Kind.END: "billing/subscription_ended",
    SubscriptionChange.Kind.RESUME: "billing/subscription_resumed",
    SubscriptionChange.Kind.TRIAL: "billing/trial_extended",
    SubscriptionChange.Kind.TERMS: "billing/terms_changed",
}

# Of those that wait for the next period, where it is not of a plan.
WILL = {SubscriptionChange.Kind.ADD_ONS: "billing/add_ons_will_change"}


def _send(template: str, organization: Organization, context: Mapping[str, Any], *, key: str) -> None:
    values = {
        "organization": organization.name,
        "billing_url": f"{settings.BASE_URL}{reverse('portal:billing')}",
        **context,
    }
    mail.queue(template, organization.billing_email, values, key=key, organization_id=organization.pk)


def _of(subscription: Subscription) -> dict[str, Any]:
    return {"plan": subscription.plan.name, "period_end": subscription.current_period_end}


def changed(change: SubscriptionChange) -> None:
    """Confirms what was changed, or will be."""
    subscription = change.subscription
    context = {
        **_of(subscription),
        "plan": change.price.plan.name if change.price else subscription.plan.name,
        "quantity": change.quantity,
        "add_ons": add_ons.told(change),
        "paid": format_minor(change.due_minor, subscription.price.currency) if change.due_minor > 0 else "",
        "effective_at": change.effective_at,
        "trial_ends_at": change.trial_ends_at,
        "is_binding": change.is_binding,
        "keeps_planned": change.keeps_planned,
    }
    kind = SubscriptionChange.Kind(change.kind)
    waits = change.timing == SubscriptionChange.Timing.RENEWAL and kind != SubscriptionChange.Kind.TERMS
    template = WILL.get(kind, "billing/plan_will_change") if waits else TOLD[kind]
    _send(template, subscription.organization, context, key=f"change:{change.pk}")


def confirm(change: SubscriptionChange) -> None:
    """The bank wants to hear from the customer: where to tell it, and until when."""
    _send("billing/confirm_payment", change.subscription.organization, _waiting(change), key=f"confirm:{change.pk}")


def lapsed(change: SubscriptionChange) -> None:
    """Nobody told the bank in time: nothing was changed."""
    _send("billing/change_lapsed", change.subscription.organization, _waiting(change), key=f"lapsed:{change.pk}")


def wanted(change: SubscriptionChange) -> str:
    """What a change is to bring, as people read it."""
    plan = change.price.plan if change.price else change.subscription.plan
    count = f", {change.quantity} of it" if change.quantity > 1 else ""
    return ", ".join(add_ons.told(change)) or f"{plan.name}{count}"


def _waiting(change: SubscriptionChange) -> dict[str, Any]:
    subscription = change.subscription
    return {
        **_of(subscription),
        "plan": subscription.plan.name,
        "wanted": wanted(change),
        "amount": format_minor(change.due_minor, subscription.price.currency),
        "confirm_url": change.confirm_url,
        "lapses_at": change.lapses_at,
    }


def trial_ending(subscription: Subscription, *, has_method: bool) -> None:
    """Three days before a trial ends; once for each end."""
    due = carts.first_payment(subscription)
    context = {
        **_of(subscription),
        "trial_ends_at": subscription.trial_ends_at,
        "has_method": has_method,
        "is_canceled_without": subscription.plan_version.after_trial == PlanVersion.AfterTrial.CANCEL,
        "price": format_minor(due.total_minor, due.currency),
    }
    key = f"trial_ending:{subscription.pk}:{subscription.trial_ends_at:%Y%m%dT%H%M%S}"
    _send("billing/trial_ending", subscription.organization, context, key=key)


def invoice_unpaid(invoice: Invoice) -> None:
    """Of each try to collect an invoice that we ask for ourselves and that failed, once."""
    context = {
        "number": invoice.number,
        "amount": format_minor(invoice.unsettled_minor + invoice.written_off_minor, invoice.currency),
        "failure": invoice.payment_error,
        "next_try_at": invoice.next_attempt_at,
        "pay_url": invoice.payment_url if invoice.payable else "",
    }
    _send("billing/invoice_unpaid", invoice.organization, context, key=f"invoice:{invoice.pk}:{invoice.attempt_count}")


def dunning(case: Dunning, template: str, *, key: str) -> None:
    """One step of asking for what could not be collected."""
    invoice = case.invoice
    # What was given up since is still what could not be collected.
    amount_minor = invoice.unsettled_minor + invoice.written_off_minor
    context = {
        **_of(case.subscription),
        "amount": format_minor(amount_minor, invoice.currency),
        "failure": case.failure,
        "next_try_at": case.next_try_at,
        "suspend_at": case.suspend_at,
        "is_suspended": case.suspended_at is not None,
        "pay_url": invoice.payment_url if invoice.payable else "",
    }
    _send(f"billing/{template}", case.organization, context, key=f"dunning:{case.pk}:{key}")
