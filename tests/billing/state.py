"""Everything that billing knows, as data that can be compared: ids of ours and moments of processing left out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction
from djstripe import models as mirrored

from billing.models import BillingAccount, CheckoutSession, Invoice, InvoiceLine, Subscription
from identity.models import User
from orgs.models import Membership, Organization
from platform_core.models import AuditEvent, Mail

OURS: tuple[type[models.Model], ...] = (
    BillingAccount,
    CheckoutSession,
    Subscription,
    Invoice,
    InvoiceLine,
    User,
    Organization,
    Membership,
    Mail,
    AuditEvent,
)
MIRRORED = (
    mirrored.Account,
    mirrored.Product,
    mirrored.Price,
    mirrored.PaymentMethod,
    mirrored.Customer,
    mirrored.Subscription,
    mirrored.SubscriptionItem,
    mirrored.Invoice,
    mirrored.LineItem,
    mirrored.Session,
)
# What rows went through before they came to where they are: which way that was depends on what was heard first.
ON_THE_WAY = {
    "dunning.begin",
    "dunning.lost",
    "dunning.recovered",
    "invoice.status",
    "organization.entitlements",
    "payment.status",
    "subscription.create",
    "subscription.update",
}
# When and by whom it was processed, and ids that differ each time.
PROCESSING = {
    "id",
    "created_at",
    "observed_at",
    # Which invoice became final first depends on what was heard first.
    "sequence",
    "number",
    "evidence",
    "legal_entity_id",
    "completed_at",
    "run_after",
    "lease_until",
    "target_id",
    "actor_id",
    "actor_label",
}
NAMES = (
    "provider_invoice_id",
    "provider_subscription_id",
    "provider_session_id",
    "provider_customer_id",
    "email",
    "name",
)


def everything() -> dict[str, list[str]]:
    """All rows of all tables that an event may touch."""
    found = {model: _rows(model) for model in OURS}
    found[AuditEvent] = [row for row in found[AuditEvent] if row["action"] not in ON_THE_WAY]
    # So are the mails that asked for a payment.
    found[Mail] = [row for row in found[Mail] if not row["idempotency_key"].startswith("dunning:")]
    # A row is named by what the outside calls it.
    names = {row["id"]: _name(row) for rows in found.values() for row in rows}
    ours = {model.__name__: sorted(repr(_told(row, names)) for row in rows) for model, rows in found.items()}
    theirs = {
        f"mirror.{model.__name__}": sorted(repr((row["id"], row["stripe_data"])) for row in _rows(model))
        for model in MIRRORED
    }
    return ours | theirs


def _rows(model: type[models.Model]) -> list[dict[str, Any]]:
    # As the database has them: it is asked a hundred times in a test.
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")  # noqa: S608 - a name of ours
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _name(row: dict[str, Any]) -> Any:
    return next((row[name] for name in NAMES if name in row), "")


def _told(row: dict[str, Any], names: dict[Any, Any]) -> dict[str, Any]:
    return {column: names.get(value, value) for column, value in row.items() if column not in PROCESSING}


@contextmanager
def undone() -> Iterator[None]:
    """What the block writes is as if it had never been. (No `atomic` block: outside calls go on being allowed.)"""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)
