"""Pages of the staff console for billing."""

from billing.admin import catalog, founding, invoices, subscriptions, usage

__all__ = ["catalog", "founding", "invoices", "subscriptions", "usage"]
