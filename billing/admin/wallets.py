"""Prepaid credits."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar

from django.contrib import admin

from billing import money
from billing.admin import questions
from billing.admin.amounts import Priced
from billing.models import Wallet, WalletGrant, WalletMovement, WalletTransfer
from billing.services import placing, wallet
from identity.models import User
from orgs.models import Organization
from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin


class WalletGrantInline(StaffInline):
    """What was put in."""

    model = WalletGrant
    fields = ("reason", "kind", "amount_minor", "remaining_minor", "priority", "expires_at")
    show_change_link = True


class WalletTransferInline(Priced, StaffInline):
    """What was sent to the provider to pay its invoices, and what came back."""

    model = WalletTransfer
    fields = ("status", "amount_minor", "failure", "created_at")


@admin.register(Wallet)
class WalletAdmin(Priced, StaffModelAdmin[Wallet]):
    """An organization's credits in one currency. They are granted on the organization's page."""

    list_display = ("organization", "currency", "balance_minor", "placed_minor")
    list_filter = ("currency",)
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__slug")
    inlines = (WalletGrantInline, WalletTransferInline)


class WalletMovementInline(StaffInline):
    """What was taken out."""

    model = WalletMovement
    fields = ("kind", "amount_minor", "invoice", "created_at")


def _take_back(grant: WalletGrant, by: User) -> str:
    return money.format_minor(placing.take_back(grant, by=by), grant.wallet.currency)


@admin.register(WalletGrant)
class WalletGrantAdmin(StaffModelAdmin[WalletGrant]):
    """Credits that were put in together."""

    list_display = ("reason", "wallet", "kind", "amount_minor", "remaining_minor", "priority", "expires_at")
    list_filter = ("kind",)
    list_select_related = ("wallet__organization",)
    search_fields = ("reason", "wallet__organization__name", "wallet__organization__slug")
    inlines = (WalletMovementInline,)
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "take_back",
            "Take back what is left",
            "billing.delete_walletgrant",
            _take_back,
            offered=lambda grant: grant.remaining_minor > 0,
            is_dangerous=True,
        ),
    )


def _grant(organization: Organization, by: User, *, key: str, currency: str, **answers: Any) -> str:
    """Credits for an organization, as its page asked for them."""
    until: date | None = answers["expires_on"]
    expires_at = datetime.combine(until, time(), UTC) if until else None
    terms = wallet.Terms(answers["amount"], answers["reason"], expires_at=expires_at)
    made = wallet.grant(organization.pk, currency, terms, key=f"console:{key}", by=by)
    return f"{money.format_minor(made.amount_minor, currency)} granted"


GRANT = Operation("grant_credits", "Grant credits", "billing.add_walletgrant", _grant, question=questions.GrantCredits)
