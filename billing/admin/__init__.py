"""Pages of the staff console for billing."""

from billing.admin import (
    catalog,
    consumers,
    coupons,
    founding,
    invoices,
    ledger,
    legal,
    money_back,
    plan_migrations,
    reconciliation,
    revenue,
    subscriptions,
    usage,
    wallets,
)

__all__ = [
    "catalog",
    "consumers",
    "coupons",
    "founding",
    "invoices",
    "ledger",
    "legal",
    "money_back",
    "plan_migrations",
    "reconciliation",
    "revenue",
    "subscriptions",
    "usage",
    "wallets",
]
