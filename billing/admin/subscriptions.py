"""Who pays for what."""

from django.contrib import admin

from billing.models import BillingAccount, CheckoutSession, Subscription
from platform_core.admin.base import StaffModelAdmin


@admin.register(Subscription)
class SubscriptionAdmin(StaffModelAdmin[Subscription]):
    """A projection of the provider's subscription: it changes there, and follows here."""

    list_display = ("organization", "plan", "state", "current_period_end", "cancel_at_period_end", "created_at")
    list_filter = ("status", "plan", "cancel_at_period_end")
    list_select_related = ("organization", "plan")
    search_fields = ("organization__name", "organization__slug", "provider_subscription_id", "id")
    date_hierarchy = "created_at"


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
