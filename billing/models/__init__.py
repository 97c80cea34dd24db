"""Catalog, subscriptions, usage, periods, invoices."""

from billing.models.add_ons import ChangedAddOn, CheckoutAddOn, SubscriptionAddOn
from billing.models.catalog import NANO, Plan, PlanVersion, Price
from billing.models.changes import SubscriptionChange
from billing.models.consumers import EXTERNAL_ID, Consumer, ConsumerTenant
from billing.models.coupons import Coupon, CouponRedemption
from billing.models.credit_notes import CreditNote, CreditNoteLine
from billing.models.dunning import Dunning
from billing.models.founding import FoundingMember
from billing.models.invoices import Invoice, InvoiceLine
from billing.models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from billing.models.legal import LegalEntity
from billing.models.payment_methods import PaymentMethod, PaymentMethodSetup
from billing.models.payments import Dispute, Payment, Refund
from billing.models.periods import BillingPeriod, InvoiceItem
from billing.models.plan_migrations import PlanMigration, PlanMove
from billing.models.purchases import Purchase
from billing.models.reconciliation import ReconciliationFinding
from billing.models.revenue import MrrMovement
from billing.models.subscriptions import BillingAccount, CheckoutSession, Subscription
from billing.models.taxes import BillingProfile, TaxRate
from billing.models.usage import UsageBucket
from billing.models.wallet import Wallet, WalletGrant, WalletMovement, WalletTransfer

__all__ = [
    "EXTERNAL_ID",
    "NANO",
    "BillingAccount",
    "BillingPeriod",
    "BillingProfile",
    "ChangedAddOn",
    "CheckoutAddOn",
    "CheckoutSession",
    "Consumer",
    "ConsumerTenant",
    "Coupon",
    "CouponRedemption",
    "CreditNote",
    "CreditNoteLine",
    "Dispute",
    "Dunning",
    "FoundingMember",
    "Invoice",
    "InvoiceItem",
    "InvoiceLine",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerTransaction",
    "LegalEntity",
    "MrrMovement",
    "Payment",
    "PaymentMethod",
    "PaymentMethodSetup",
    "Plan",
    "PlanMigration",
    "PlanMove",
    "PlanVersion",
    "Price",
    "Purchase",
    "ReconciliationFinding",
    "Refund",
    "Subscription",
    "SubscriptionAddOn",
    "SubscriptionChange",
    "TaxRate",
    "UsageBucket",
    "Wallet",
    "WalletGrant",
    "WalletMovement",
    "WalletTransfer",
]
