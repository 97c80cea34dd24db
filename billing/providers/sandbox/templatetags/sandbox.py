"""How the sandbox's pages write amounts and moments."""

from datetime import UTC, datetime

from django import template

from billing.providers.sandbox.money import amount_text
from billing.providers.sandbox.shapes import Json

register = template.Library()


@register.filter
def money(minor: int, currency: str) -> str:
    """`{{ invoice.total|money:invoice.currency }}`"""
    return amount_text(minor, currency)


@register.filter
def credit(balance: int) -> int:
    """A customer's credit: at Stripe it is a balance below zero."""
    return -balance


@register.filter
def moment(timestamp: int | None) -> str:
    """A timestamp as `21 Nov 2026, 10:00`, in UTC."""
    if timestamp is None:
        return "never"
    at = datetime.fromtimestamp(timestamp, UTC)
    return f"{at.day} {at:%b %Y, %H:%M}"


@register.filter
def every(recurring: Json | None) -> str:
    """`per month`, `every 3 months`, or nothing for a single payment."""
    if not recurring:
        return ""
    count, interval = recurring["interval_count"], recurring["interval"]
    return f"per {interval}" if count == 1 else f"every {count} {interval}s"
