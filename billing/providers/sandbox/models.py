"""What the sandbox remembers. All of it lives in a database of its own, written by its own transactions."""

from datetime import timedelta

from django.db import models

from billing.providers.sandbox.shapes import Json, copied
from billing.providers.sandbox.timetable import due_at

# What the lists of a kind search by.
LOOKUPS = {
    "price": "lookup_key",
    "customer": "email",
    "event": "type",
    "payment_method": "type",
    "promotion_code": "_lookup",
    "refund": "charge",
    "dispute": "charge",
    "balance_transaction": "source",
}
REFERENCES = ("customer", "subscription", "invoice", "payment_intent", "product")


class Record(models.Model):
    """One object of the account as Stripe holds it, and the few of its fields by which it is found."""

    # Rises with every object made: Stripe lists the newest first.
    sequence = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=255, unique=True)
    data = models.JSONField()
    created = models.BigIntegerField()
    status = models.CharField(max_length=30, blank=True)
    # A price's lookup key, a customer's email, an event's type.
    lookup = models.CharField(max_length=512, blank=True, db_index=True)
    customer = models.CharField(max_length=255, blank=True, db_index=True)
    subscription = models.CharField(max_length=255, blank=True, db_index=True)
    invoice = models.CharField(max_length=255, blank=True, db_index=True)
    payment_intent = models.CharField(max_length=255, blank=True, db_index=True)
    product = models.CharField(max_length=255, blank=True, db_index=True)
    # When the clock has something to do with it.
    due_at = models.BigIntegerField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "sequence"], name="sandbox_record_kind"),
            models.Index(fields=["due_at", "sequence"], name="sandbox_record_due"),
        ]

    def __str__(self) -> str:
        return self.object_id

    def hold(self, obj: Json) -> None:
        """Take an object in, and note the fields by which it is found."""
        self.data = copied(obj)
        self.object_id = obj["id"]
        self.kind = obj["object"]
        self.created = obj.get("created") or self.created or 0
        self.status = _state(obj)
        self.lookup = obj.get(LOOKUPS.get(self.kind, "")) or ""
        self.due_at = due_at(obj)
        for name in REFERENCES:
            setattr(self, name, obj.get(name) or obj.get(f"_{name}") or "")


def _state(obj: Json) -> str:
    """The state that lists narrow by, in one word."""
    if obj.get("deleted"):
        return "deleted"
    if "active" in obj:
        return "active" if obj["active"] else "inactive"
    return obj.get("status") or ""


class IdempotencyKey(models.Model):
    """A key, what was asked with it, and what was answered."""

    key = models.CharField(max_length=255, unique=True)
    fingerprint = models.CharField(max_length=64)
    request_id = models.CharField(max_length=40)
    # Machine time: until then its first request counts as running. A crash lets it lapse.
    locked_until = models.DateTimeField()
    created_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    body = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return self.key


class Delivery(models.Model):
    """One event on its way to one endpoint, until the endpoint answers 2xx. Its times are the machine's."""

    event_id = models.CharField(max_length=255, db_index=True)
    # Empty: this platform's own receiver; else the id of a webhook endpoint made through the API.
    endpoint = models.CharField(max_length=255, blank=True)
    attempt_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    # Null once it was delivered or given up.
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_answer = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [models.Index(fields=["next_attempt_at", "id"], name="sandbox_delivery_due")]

    def __str__(self) -> str:
        return f"{self.event_id} ({self.attempt_count})"


class PlannedFault(models.Model):
    """A fault that somebody ordered at the desk: every process of this instance meets it."""

    fault = models.CharField(max_length=20)
    method = models.CharField(max_length=10, blank=True)
    path = models.CharField(max_length=200, default="/v1/")
    left = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.fault} of {self.method or 'any'} {self.path} ({self.left})"


class Clock(models.Model):
    """How far business time is ahead of the machine's: one row."""

    ahead = models.DurationField(default=timedelta(0))

    def __str__(self) -> str:
        return f"+{self.ahead}"
