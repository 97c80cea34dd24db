"""The console's side bar: every list a person may open, in the order in which work comes."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

# Heading, then each model with its symbol.
GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Customers", (("orgs.Organization", "apartment"), ("identity.User", "group"), ("orgs.Membership", "badge"))),
    ("Tenants", (("tenants.Order", "deployed_code"), ("tenants.Server", "dns"))),
    (
        "Billing",
        (
            ("billing.MrrMovement", "monitoring"),
            ("billing.Subscription", "autorenew"),
            ("billing.Invoice", "receipt_long"),
            ("billing.BillingPeriod", "calendar_month"),
            ("billing.FoundingMember", "workspace_premium"),
            ("billing.UsageBucket", "data_usage"),
            ("billing.CheckoutSession", "shopping_cart"),
            ("billing.BillingAccount", "account_balance"),
            ("billing.Purchase", "shopping_bag"),
            ("billing.ReconciliationFinding", "difference"),
        ),
    ),
    ("Consumers", (("billing.Consumer", "storefront"), ("billing.ConsumerTenant", "groups"))),
    (
        "Money",
        (
            ("billing.Payment", "payments"),
            ("billing.Refund", "undo"),
            ("billing.CreditNote", "request_quote"),
            ("billing.Dispute", "gavel"),
            ("billing.Wallet", "account_balance_wallet"),
            ("billing.WalletGrant", "redeem"),
            ("billing.LedgerAccount", "balance"),
            ("billing.LedgerEntry", "menu_book"),
            ("billing.LedgerTransaction", "receipt"),
            ("billing.BillingProfile", "contact_mail"),
            ("billing.LegalEntity", "domain"),
            ("billing.TaxRate", "percent"),
        ),
    ),
    (
        "Catalog",
        (
            ("orgs.Product", "category"),
            ("billing.Plan", "layers"),
            ("billing.Price", "sell"),
            ("billing.PlanMigration", "moving"),
            ("billing.Coupon", "redeem"),
        ),
    ),
    (
        "Operations",
        (
            ("platform_core.Job", "play_circle"),
            ("platform_core.ProviderEvent", "call_received"),
            ("platform_core.ProviderObject", "lock_clock"),
            ("platform_core.ProviderCursor", "playlist_add_check"),
            ("platform_core.WebhookDelivery", "call_made"),
            ("platform_core.WebhookEndpoint", "webhook"),
            ("platform_core.Mail", "mail"),
            ("platform_core.CronRun", "schedule"),
        ),
    ),
    ("Product", (("identity.AnalyticsEvent", "insights"), ("identity.UserActivity", "calendar_today"))),
    (
        "Security",
        (
            ("platform_core.AuditEvent", "history"),
            ("platform_core.AuditChain", "link"),
            ("identity.Session", "devices"),
            ("account.EmailAddress", "alternate_email"),
            ("identity.StaffInvitation", "forward_to_inbox"),
            ("identity.DataExport", "download"),
        ),
    ),
)


# Where a list stands behind a page of its own, the page is named.
PAGES = {"billing.MrrMovement": ("Revenue", "admin:billing_revenue")}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """unfold asks for it on every page. A heading with nothing under it is left out."""
    start = {"title": "Overview", "icon": "dashboard", "link": reverse("admin:index")}
    groups: list[dict[str, Any]] = [{"items": [start]}]
    for title, models in GROUPS:
        items = [item for label, icon in models if (item := _item(request, label, icon))]
        if items:
            groups.append({"title": title, "separator": True, "items": items})
    return groups


def _item(request: HttpRequest, label: str, icon: str) -> dict[str, Any] | None:
    model = apps.get_model(label)
    if not admin.site.get_model_admin(model).has_view_permission(request):
        return None
    if label in PAGES:
        title, name = PAGES[label]
        return {"title": title, "icon": icon, "link": reverse(name)}
    info = model._meta
    link = reverse(f"admin:{info.app_label}_{info.model_name}_changelist")
    return {"title": str(info.verbose_name_plural).capitalize(), "icon": icon, "link": link}
