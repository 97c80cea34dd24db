"""Catalog, subscriptions, usage, periods, invoices."""

from billing.models.catalog import NANO, Plan, Price
from billing.models.founding import FoundingMember
from billing.models.invoices import Invoice, InvoiceLine
from billing.models.periods import BillingPeriod, InvoiceItem
from billing.models.subscriptions import BillingAccount, CheckoutSession, Subscription
from billing.models.usage import UsageBucket

__all__ = [
    "NANO",
    "BillingAccount",
    "BillingPeriod",
    "CheckoutSession",
    "FoundingMember",
    "Invoice",
    "InvoiceItem",
    "InvoiceLine",
    "Plan",
    "Price",
    "Subscription",
    "UsageBucket",
]
