"""A customer of Hosting in the middle of a month, and what is sold beside their plan."""

from datetime import timedelta
from typing import Any

from billing.models import Invoice, Subscription, SubscriptionChange
from billing.services import add_on_proposals, add_ons, catalog, changes, entitlements, plan_editing, prices, proposals
from billing.services.proposals import Asked, Proposal
from tests import kept
from tests.billing import month, shop
from tests.billing.changing import customer

BACKUPS, SUPPORT, SEATS, PACKS = "hosting-backups", "hosting-support", "hosting-seats", "hosting-packs"
BACKUP, BACKUP_YEAR, HELP = 1_901, 19_010, 5_000
TIERS = [
    {"up_to": 3, "unit_price_nano": 700_333_333_333, "amount_minor": 100},
    {"up_to": None, "unit_price_nano": 500_000_000_000, "amount_minor": 0},
]
# Each by the month; backups by the year too.
SOLD: dict[str, dict[str, Any]] = {
    BACKUPS: {"scheme": "per_unit", "amount_minor": BACKUP},
    SUPPORT: {"scheme": "flat", "amount_minor": HELP},
    SEATS: {"scheme": "graduated", "tiers": TIERS},
    PACKS: {"scheme": "package", "amount_minor": 999, "package_size": 4},
}


def held(plan: str = "hosting-starter") -> Subscription:
    """On a plan by the month, in the middle of it; add-ons are on sale, and the plan by the year."""

    def come_about() -> None:
        subscription = customer(plan)
        for number, (code, price) in enumerate(SOLD.items()):
            quota = [{"code": "backups", "kind": "quota", "limit": 5}] if code == BACKUPS else []
            month = [{"currency": "usd", "interval": "month", **price}]
            year = {"currency": "usd", "interval": "year", "amount_minor": BACKUP_YEAR}
            values = {"code": code, "name": f"More {code.partition('-')[2]}", "is_add_on": True, "rank": 50 + number}
            sold = month + ([year] if code == BACKUPS else [])
            plan_editing.add("hosting", {**values, "entitlements": quota, "prices": sold}, by=None)
        prices.put_on_sale(subscription.plan, {"interval": "year", "amount_minor": 49_000}, by=None)
        catalog.publish_prices()

    kept.situation(f"{plan} and add-ons on sale", come_about)
    return present()


def present() -> Subscription:
    """As it is now."""
    found = Subscription.objects.select_related("organization", "plan__product", "price")
    return found.prefetch_related(add_ons.fetched()).latest("created_at")


def wanted(counts: dict[str, int], **options: Any) -> Proposal:
    """What so many of these would mean now."""
    return proposals.at_provider(add_on_proposals.propose(present(), counts, **options))


def done(counts: dict[str, int], **options: Any) -> SubscriptionChange:
    """Changed to it."""
    return changes.change_plan(wanted(counts, **options), Asked(None))


def has() -> dict[str, int]:
    """What is beside the plan now."""
    return {each.price.plan.code: each.quantity for each in present().add_ons.all()}


def quota() -> int | None:
    """How many backups it entitles to."""
    found = entitlements.entitlements_of([present()]).get("backups")
    return found.limit if found else 0


def renewed() -> Invoice:
    """The next period has begun; its invoice."""
    month.pass_to(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()
    return month.newest_invoice(present())
