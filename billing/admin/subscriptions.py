"""Who pays for what."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin

from billing.admin import changing
from billing.admin.amounts import Priced
from billing.models import (
    BillingAccount,
    CheckoutSession,
    Dunning,
    PaymentMethod,
    PaymentMethodSetup,
    Subscription,
    SubscriptionChange,
)
from billing.money import format_minor
from billing.services import changes, next_steps, proposals
from billing.services.proposals import Asked
from platform_core import clock
from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin

if TYPE_CHECKING:
    from identity.models import User

CHANGE, CANCEL = "billing.change_subscription", "billing.cancel_subscription"
TRIAL_DAYS = 7


def _extend_trial(subscription: Subscription, by: "User") -> None:
    ends_at = max(subscription.trial_ends_at or clock.now(), clock.now()) + timedelta(days=TRIAL_DAYS)
    changes.extend_trial(subscription, Asked(by, is_staff=True), ends_at=ends_at)


def _resume(subscription: Subscription, by: "User") -> str:
    """What the customer has to do yet, if the bank wants to hear from them or did not pay."""
    change = changes.resume(subscription, Asked(by, is_staff=True))
    if next_steps.of(change) is None:
        return "it goes on"
    owed = Dunning.objects.running().get(subscription=subscription)
    return f"it goes on once the customer has paid for it, who was written to. {owed.failure.rstrip('.')}"


def _is_open(subscription: Subscription) -> bool:
    return subscription.status in proposals.OPEN_TO_CHANGES and not subscription.cancel_at_period_end


def _runs(subscription: Subscription) -> bool:
    return subscription.status in proposals.RUNNING


class ChangeInline(Priced, StaffInline):
    """What was asked to be changed of it."""

    model = SubscriptionChange
    fields = (
        "created_at",
        "kind",
        "timing",
        "status",
        "price",
        "quantity",
        "effective_at",
        "requested_by",
        "reason",
        "failure",
    )
    ordering = ("-created_at",)


class DunningInline(StaffInline):
    """When it was not paid for, and what became of it."""

    model = Dunning
    fields = ("began_at", "status", "try_count", "failure", "next_try_at", "suspend_at", "suspended_at", "ended_at")
    ordering = ("-began_at",)


@admin.register(Subscription)
class SubscriptionAdmin(Priced, StaffModelAdmin[Subscription]):
    """A projection of the provider's subscription: what is done here is done there first."""

    list_display = (
        "organization",
        "plan",
        "state",
        "monthly_minor",
        "current_period_end",
        "ends",
    )
    list_filter = ("status", "plan", "cancel_at_period_end")
    list_select_related = ("organization", "plan", "price")
    search_fields = ("organization__name", "organization__slug", "provider_subscription_id", "id")
    date_hierarchy = "created_at"
    inlines = (ChangeInline, DunningInline)

    @admin.display(description="Ends", ordering="cancel_at_period_end")
    def ends(self, subscription: Subscription) -> str:
        return "with its period" if subscription.cancel_at_period_end else ""

    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "change_plan", "Change plan", CHANGE, changing.change_plan, offered=_is_open, question=changing.ChangePlan
        ),
        Operation(
            "change_add_ons",
            "Change add-ons",
            CHANGE,
            changing.change_plan,
            offered=_is_open,
            question=changing.ChangeAddOns,
        ),
        Operation(
            "extend_trial",
            f"Extend trial by {TRIAL_DAYS} days",
            CHANGE,
            _extend_trial,
            offered=lambda row: row.status == Subscription.Status.TRIALING,
        ),
        Operation("resume", "Resume", CHANGE, _resume, offered=_runs),
        Operation(
            "cancel",
            "Cancel with the period",
            CANCEL,
            lambda row, by: changes.cancel(row, Asked(by, is_staff=True), now=False),
            offered=lambda row: _runs(row) and not row.cancel_at_period_end,
            is_dangerous=True,
        ),
        Operation(
            "end",
            "End now",
            CANCEL,
            lambda row, by: changes.cancel(row, Asked(by, is_staff=True), now=True),
            offered=_runs,
            is_dangerous=True,
        ),
    )


@admin.register(PaymentMethod)
class PaymentMethodAdmin(StaffModelAdmin[PaymentMethod]):
    """How an organization pays; only its own people change it."""

    list_display = ("organization", "kind", "brand", "last4", "is_default", "failure", "removed_at")
    list_filter = ("kind", "is_default", ("failure", admin.EmptyFieldListFilter))
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__slug", "last4", "provider_payment_method_id")


@admin.register(PaymentMethodSetup)
class PaymentMethodSetupAdmin(StaffModelAdmin[PaymentMethodSetup]):
    """One visit to the provider's page for payment methods."""

    list_display = ("organization", "created_by", "state", "created_at", "done_at", "failure")
    list_filter = ("status",)
    list_select_related = ("organization", "created_by")
    search_fields = ("organization__name", "provider_session_id")
    # The page on which somebody else's card would be saved.
    concealed = ("url",)


@admin.register(SubscriptionChange)
class SubscriptionChangeAdmin(Priced, StaffModelAdmin[SubscriptionChange]):
    """One change that was asked for; one that nobody answered is repeated by itself."""

    list_display = ("subscription", "organization", "kind", "state", "created_at", "effective_at", "failure")
    list_filter = ("kind", "status")
    list_select_related = ("subscription__plan", "organization")
    search_fields = ("organization__name", "organization__slug", "subscription__provider_subscription_id", "id")
    date_hierarchy = "created_at"

    @staticmethod
    def written(row: SubscriptionChange, name: str) -> object:
        """What was shown to be due, in the subscription's currency."""
        return (
            format_minor(row.due_minor, row.subscription.price.currency) if name == "due_minor" else getattr(row, name)
        )


@admin.register(Dunning)
class DunningAdmin(StaffModelAdmin[Dunning]):
    """Asking for a renewal that could not be paid."""

    list_display = ("organization", "subscription", "state", "try_count", "failure", "next_try_at", "suspend_at")
    list_filter = ("status",)
    list_select_related = ("organization", "subscription__plan")
    search_fields = ("organization__name", "organization__slug", "subscription__provider_subscription_id")
    date_hierarchy = "began_at"


@admin.register(CheckoutSession)
class CheckoutSessionAdmin(StaffModelAdmin[CheckoutSession]):
    """One try to buy."""

    list_display = ("plan", "organization", "email", "state", "claim", "created_at", "completed_at")
    list_filter = ("status", "claim", "plan")
    list_select_related = ("plan", "organization")
    search_fields = ("email", "organization__name", "provider_session_id")
    date_hierarchy = "created_at"
    # The page on which somebody else would be asked to pay.
    concealed = ("url",)


@admin.register(BillingAccount)
class BillingAccountAdmin(StaffModelAdmin[BillingAccount]):
    """An organization as the provider knows it."""

    list_display = ("organization", "provider", "provider_customer_id", "created_at")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__slug", "provider_customer_id")
