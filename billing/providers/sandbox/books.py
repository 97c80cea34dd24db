"""The account's books, as one request or one step of the clock sees and writes them.

All that a unit of work writes commits together, in the sandbox's own database and its own transaction: what our
callers roll back on their side stays done here, as with the real Stripe.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections, transaction
from django.db.models import QuerySet
from django.db.models.query import RawQuerySet

from billing.providers.sandbox import clock, identifiers, webhooks, wire
from billing.providers.sandbox.errors import NoSuchObject
from billing.providers.sandbox.models import Record
from billing.providers.sandbox.router import ALIAS
from billing.providers.sandbox.shapes import Json, copied
from billing.providers.sandbox.shapes.account import event


@dataclass(frozen=True)
class Cause:
    """The request that a change comes from; the clock's own changes come from none."""

    request_id: str | None = None
    idempotency_key: str | None = None


CLOCK = Cause()
EVERY = f"SELECT * FROM {Record._meta.db_table}"  # noqa: S608 - our own table's name
WRITTEN = [field for field in Record._meta.local_concrete_fields if not field.primary_key]
COLUMNS = [str(field.column) for field in WRITTEN]
INSERT = (
    f"INSERT INTO {Record._meta.db_table} ({', '.join(COLUMNS)}) "  # noqa: S608 - our own table's and columns' names
    f"VALUES ({', '.join(['%s'] * len(COLUMNS))}) RETURNING sequence"
)
UPDATE = f"UPDATE {Record._meta.db_table} SET {', '.join(f'{each} = %s' for each in COLUMNS)} WHERE sequence = %s"  # noqa: S608


class Books:
    """Objects by kind and id, and the events that tell of their changes."""

    def __init__(self, now: int, cause: Cause) -> None:
        self.now = now
        self.cause = cause
        # The events of this unit of work, in their order.
        self.told: list[Json] = []
        # Rows read or written so far: nobody else writes meanwhile.
        self._held: dict[str, Record] = {}

    def find(self, kind: str, object_id: str) -> Json | None:
        """The object, or None."""
        record = self._record(object_id)
        return copied(record.data) if record and record.kind == kind else None

    def _record(self, object_id: str) -> Record | None:
        if object_id not in self._held:
            for record in _where(object_id=object_id):
                self._held[object_id] = record
        return self._held.get(object_id)

    def get(self, kind: str, object_id: str, param: str = "id") -> Json:
        """The object; refuses an id that names none. `param` is where the id came from."""
        found = self.find(kind, object_id)
        if found is None or (found.get("deleted") and param != "id"):
            raise NoSuchObject(kind, object_id, param)
        return found

    def rows(self, kind: str, **columns: Any) -> QuerySet[Record]:
        """The rows of a kind, narrowed by columns, oldest first."""
        return Record.objects.filter(kind=kind, **columns).order_by("sequence")

    def all(self, kind: str, **columns: Any) -> list[Json]:
        """The objects of a kind, oldest first."""
        return [record.data for record in _where(kind=kind, **columns)]

    def add(self, obj: Json, event_type: str = "") -> Json:
        """Enter a new object."""
        self._write(Record(), obj)
        if event_type:
            self.announce(event_type, obj)
        return obj

    def change(
        self, obj: Json, event_type: str = "", *, also: Sequence[Json] = (), without: Sequence[Json] = ()
    ) -> Json:
        """Write an object again, with those that are shown within it; the event tells what differs."""
        before = wire.present(self, self.get(obj["object"], obj["id"])) if event_type else None
        for each in without:
            self.strike(each)
        for each in (*also, obj):
            self._write(self._record(each["id"]) or Record(), each)
        if event_type:
            self.announce(event_type, obj, before)
        return obj

    def _write(self, record: Record, obj: Json) -> None:
        record.hold(obj)
        _save(record)
        self._held[record.object_id] = record

    def strike(self, obj: Json) -> None:
        """Take an object out as if it had never been."""
        Record.objects.filter(object_id=obj["id"]).delete()
        self._held.pop(obj["id"], None)

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """What is written within never was: for what would be, computed by doing it."""
        told, held = list(self.told), dict(self._held)
        with transaction.atomic(using=ALIAS):
            yield
            transaction.set_rollback(True, using=ALIAS)
        self.told, self._held = told, held

    def announce(self, event_type: str, obj: Json, before: Json | None = None) -> None:
        """Enter an event with the object as it is now."""
        shown = wire.present(self, obj)
        told = event(event_type, shown, at=self.now, cause=self.cause)
        if before is not None:
            told["data"]["previous_attributes"] = difference(before, shown)
        self.add(told)
        self.told.append(told)


def _save(record: Record) -> None:
    # Each act of the provider writes a dozen.
    connection = connections[ALIAS]
    values = [field.get_db_prep_save(getattr(record, field.attname), connection) for field in WRITTEN]
    with connection.cursor() as cursor:
        if record.pk:
            cursor.execute(UPDATE, [*values, record.pk])
        else:
            cursor.execute(INSERT, values)
            (record.pk,) = cursor.fetchone()


def _where(**columns: Any) -> "RawQuerySet[Record]":
    """The rows with these columns, oldest first."""
    # Each request of a purchase reads a dozen: composing the queries by the ORM took longer than everything else.
    conditions = " AND ".join(f"{column} = %s" for column in columns)
    return Record.objects.raw(f"{EVERY} WHERE {conditions} ORDER BY sequence", list(columns.values()))


def difference(before: Json, after: Json) -> Json:
    """The fields that differ, with the values they had; nested objects by their own fields."""
    changed: Json = {}
    for name, was in before.items():
        now = after.get(name)
        if was != now:
            changed[name] = difference(was, now) if isinstance(was, dict) and isinstance(now, dict) else was
    for name in after.keys() - before.keys():
        changed[name] = None
    return changed


def request_id() -> str:
    """A request id as Stripe forms them."""
    return identifiers.new("req", 14)


@contextmanager
def reading() -> Iterator[Books]:
    """Books that will only be read."""
    yield Books(int(clock.now().timestamp()), CLOCK)


@contextmanager
def writing(cause: Cause = CLOCK) -> Iterator[Books]:
    """Books in a transaction of their own. One writer at a time: the account is locked by its clock's row."""
    with transaction.atomic(using=ALIAS, durable=True):
        account = Books(int(clock.locked_now().timestamp()), cause)
        yield account
        webhooks.enqueue(account.told)
