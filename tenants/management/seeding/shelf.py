"""What the demo sells beyond the price list: by the year, with a trial, add-ons, and coupons to try them with."""

from billing.models import Coupon, Plan
from billing.services import coupons, plan_editing

CURRENCY = "usd"
# Two months of twelve are given to whoever pays by the year.
YEARLY = {"hosting-starter": 49_000, "hosting-pro": 129_000, "hosting-enterprise": 399_000}
TRIAL = ("alerts-team", 14)
BACKUPS = "hosting-backups"
COUPONS = (
    {"code": "HARBOUR25", "name": "A quarter off the first payment", "percent_basis_points": 2_500},
    {
        "code": "WELCOME10",
        "name": "Ten dollars off for three months",
        "amount_minor": 1_000,
        "currency": CURRENCY,
        "duration": Coupon.Duration.REPEATING,
        "months": 3,
        "first_purchase_only": True,
        "max_redemptions": 100,
    },
)


def stock() -> None:
    """Put it beside the price list, once; it is published with that."""
    if Plan.objects.filter(code=BACKUPS).exists():
        return
    for code, amount_minor in YEARLY.items():
        price = {"interval": "year", "currency": CURRENCY, "amount_minor": amount_minor}
        plan_editing.change(Plan.objects.get(code=code), {"prices": [price]}, by=None)
    code, days = TRIAL
    plan_editing.change(Plan.objects.get(code=code), {"trial_days": days}, by=None)
    plan_editing.add("hosting", _backups(), by=None)
    for each in COUPONS:
        coupons.add(each, by=None)


def _backups() -> dict[str, object]:
    return {
        "code": BACKUPS,
        "name": "Off-site backups",
        "description": "A copy in another country each night, kept for 90 days.",
        "is_add_on": True,
        "features": ["Kept for 90 days"],
        "entitlements": [{"code": "offsite_backups", "kind": "quota", "limit": 1, "reset": "never"}],
        "prices": [
            {"currency": CURRENCY, "amount_minor": 1_900},
            {"interval": "year", "currency": CURRENCY, "amount_minor": 19_000},
        ],
    }
