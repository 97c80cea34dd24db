"""The books: every entry with the fact behind it, by organization and account."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from billing import conservation, money
from billing.admin.amounts import Priced
from billing.models import LedgerAccount, LedgerEntry, LedgerTransaction
from platform_core.admin.base import StaffInline, StaffModelAdmin


class LedgerEntryInline(Priced, StaffInline):
    """What it does to each account."""

    model = LedgerEntry
    fields = ("account", "amount_minor")


def _source(row: LedgerTransaction) -> Any:
    """The row that tells of the fact, as a link where it has a page."""
    model = apps.get_model(row.source_type)
    name = str(model._meta.verbose_name).capitalize()
    try:
        page = reverse(admin_urlname(model._meta, "change"), args=[row.source_id])  # type: ignore[arg-type]
    except NoReverseMatch:
        return name
    return format_html('<a href="{}" class="text-link">{}</a>', page, name)


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(StaffModelAdmin[LedgerTransaction]):
    """One fact, posted once. Nothing here is ever changed."""

    list_display = ("occurred_at", "organization", "kind", "fact", "idempotency_key")
    list_filter = ("kind",)
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__slug", "idempotency_key", "source_id")
    date_hierarchy = "occurred_at"
    readonly_fields = ("fact",)
    inlines = (LedgerEntryInline,)

    @admin.display(description="Fact")
    def fact(self, row: LedgerTransaction) -> Any:
        return _source(row)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(Priced, StaffModelAdmin[LedgerEntry]):
    """The ledger, the newest first: choose an account, search for an organization."""

    list_display = ("created_at", "organization", "account", "debit", "credit", "posted", "fact")
    list_display_links = ("created_at",)
    list_filter = ("account__kind", "currency", "transaction__kind")
    list_select_related = ("account", "transaction__organization")
    search_fields = ("transaction__organization__name", "transaction__organization__slug", "transaction__source_id")
    date_hierarchy = "created_at"
    readonly_fields = ("fact",)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """By an organization too, which no filter lists: there are too many."""
        return lookup == "transaction__organization__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description="Organization", ordering="transaction__organization__name")
    def organization(self, entry: LedgerEntry) -> Any:
        return entry.transaction.organization

    @admin.display(description="Debit", ordering="amount_minor")
    def debit(self, entry: LedgerEntry) -> str:
        return money.format_minor(entry.amount_minor, entry.currency) if entry.amount_minor > 0 else ""

    @admin.display(description="Credit", ordering="-amount_minor")
    def credit(self, entry: LedgerEntry) -> str:
        return money.format_minor(-entry.amount_minor, entry.currency) if entry.amount_minor < 0 else ""

    @admin.display(description="Posted for")
    def posted(self, entry: LedgerEntry) -> Any:
        page = reverse("admin:billing_ledgertransaction_change", args=[entry.transaction_id])
        return format_html('<a href="{}" class="text-link">{}</a>', page, entry.transaction)

    @admin.display(description="Fact")
    def fact(self, entry: LedgerEntry) -> Any:
        return _source(entry.transaction)


@admin.register(LedgerAccount)
class LedgerAccountAdmin(StaffModelAdmin[LedgerAccount]):
    """Where amounts are counted."""

    list_display = ("kind", "organization", "currency", "balance")
    list_filter = ("kind", "currency")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__slug")
    readonly_fields = ("balance",)
    list_before_template = "admin/billing_conservation.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Above the accounts stands whether everything that was invoiced is accounted for."""
        return super().changelist_view(request, {**(extra_context or {}), "conservation": conservation.report()})

    @admin.display(description="Balance")
    def balance(self, account: LedgerAccount) -> str:
        total = sum(LedgerEntry.objects.filter(account=account).values_list("amount_minor", flat=True))
        return money.format_minor(total, account.currency)
