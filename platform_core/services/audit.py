"""Recording changes."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.db.models.constants import LOOKUP_SEP

from platform_core import context, scoping, sealing
from platform_core.models import AuditEvent

# A name is a secret's when it holds one of the first words, or ends in one of the second: `api_key`, `apiKey`,
# `password_hash`, and not `token_allotment`.
SECRET_ANYWHERE = frozenset({"password", "secret", "secrets", "credential", "credentials"})
SECRET_AT_THE_END = frozenset({"token", "tokens", "key", "keys", "digest", "hash"})
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")
CHANGED = "changed"
# Events that are looked at in one go while a person is erased.
BATCH = 500


_gathered: ContextVar[list[AuditEvent] | None] = ContextVar("gathered", default=None)


class Person(Protocol):
    """What of a user an event needs."""

    pk: Any
    email: str
    is_staff: bool


class OutsideTransaction(RuntimeError):
    """An audit event must commit or roll back with the change it tells of."""


def _is_secret(name: str) -> bool:
    words = [word.lower() for word in WORD.findall(name)]
    return bool(words) and (words[-1] in SECRET_AT_THE_END or not SECRET_ANYWHERE.isdisjoint(words))


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case Mapping():
            return diff(value)
        case list() | tuple() | set() | frozenset():
            return [_plain(inner) for inner in value]
    return str(value)


def diff(changes: Mapping[Any, Any]) -> dict[str, Any]:
    """Values as JSON, at any depth; what is named like a secret shows only that it changed."""
    return {str(name): CHANGED if _is_secret(str(name)) else _plain(value) for name, value in changes.items()}


def _organization_of(target: models.Model) -> UUID | None:
    if target._meta.label == "orgs.Organization":
        return target.pk  # type: ignore[no-any-return]
    found: UUID | None = getattr(target, "organization_id", None)
    return found


def _person_of(target: models.Model) -> str:
    """Whom the target is, or is about: a person, or a row of theirs."""
    is_person = target._meta.label == settings.AUTH_USER_MODEL
    found = target.pk if is_person else getattr(target, "user_id", None)
    return str(found or "")


def _product_of(target: models.Model) -> str:
    """The code of the product that the target is a row of, by the path that its model names. One query at most."""
    row: Any = target
    names: list[str] = getattr(target, "product_path", "").split(LOOKUP_SEP)
    for place, name in enumerate(filter(None, names), 1):
        field: Any = row._meta.get_field(name)
        if not field.is_relation:
            return str(getattr(row, name))
        if not field.is_cached(row):
            rest = LOOKUP_SEP.join(names[place:])
            beyond = field.related_model._base_manager.filter(pk=getattr(row, field.attname))
            return beyond.values_list(rest, flat=True).first() or ""
        row = getattr(row, name)
        if row is None:
            break
    return ""


def record(
    action: str,
    target: models.Model,
    *,
    by: Person | None,
    changes: Mapping[str, Any] | None = None,
    actor: tuple[str, str, str] | None = None,
    product: str = "",
) -> AuditEvent:
    """Add an event for a change made by a person, by a machine (`actor`: type, id, label), or by the system."""
    if not connection.in_atomic_block:
        raise OutsideTransaction(action)
    event = AuditEvent(
        action=action,
        organization_id=_organization_of(target),
        product=product or _product_of(target),
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        target_label=str(target)[:254],
        person_id=_person_of(target),
        changes=diff(changes or {}),
        **_origin(by, actor),
    )
    gathered = _gathered.get()
    if gathered is None:
        _insert(event)
    else:
        gathered.append(event)
    return event


def _origin(by: Person | None, actor: tuple[str, str, str] | None) -> dict[str, Any]:
    """Who did it, on whose behalf, and by which request."""
    if by is not None:
        kind = AuditEvent.ActorType.STAFF if by.is_staff else AuditEvent.ActorType.USER
        actor = (kind, str(by.pk), by.email)
    actor_type, actor_id, actor_label = actor or (AuditEvent.ActorType.SYSTEM, *context.working_as())
    request = context.current()
    impersonator_id, impersonator_label = (request and request.impersonator) or ("", "")
    return {
        "actor_type": actor_type,
        "actor_id": actor_id,
        "actor_label": actor_label[:254],
        "impersonator_id": impersonator_id,
        "impersonator_label": impersonator_label[:254],
        "request_id": request.request_id if request else "",
        "ip_address": request.ip_address if request else None,
    }


@contextmanager
def together() -> Iterator[None]:
    """Write the events of a block by one statement at its end; within the transaction that they tell of."""
    token = _gathered.set([])
    try:
        yield
        with scoping.system():
            AuditEvent.objects.bulk_create(_gathered.get() or [])
    finally:
        _gathered.reset(token)


def _insert(event: AuditEvent) -> None:
    """As the ORM would: it builds the statement anew for each event, which costs more than the database's work."""
    scoping.current()
    fields = AuditEvent._meta.concrete_fields
    values = [field.get_db_prep_save(getattr(event, field.attname), connection) for field in fields]
    # What a person does with their account is an event of no organization.
    with scoping.system(), connection.cursor() as cursor:
        cursor.execute(_insertion(), values)
    event._state.adding, event._state.db = False, connection.alias  # noqa: SLF001 - as saving does


@cache
def _insertion() -> str:
    quote = connection.ops.quote_name
    columns = [quote(str(field.column)) for field in AuditEvent._meta.concrete_fields]
    table = quote(AuditEvent._meta.db_table)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608


def naming(person: models.Model) -> Q:
    """The events that say who somebody is: they acted, or acted as somebody, or it is about them."""
    pk = str(person.pk)
    people = (AuditEvent.ActorType.USER, AuditEvent.ActorType.STAFF)
    return Q(actor_type__in=people, actor_id=pk) | Q(impersonator_id=pk) | Q(person_id=pk)


def pseudonymise(person: models.Model) -> int:
    """Of an erased person, events keep what happened and when; who it was they do not tell. Gives how many they are.

    Ids stay, so the record can still be followed; of what a sealed event said, its chain keeps the digest.
    """
    pk = str(person.pk)
    theirs = AuditEvent.objects.filter(naming(person)).order_by("pk")
    keys = list(theirs.values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        # Locked before they are read: one of them may be sealed at this moment.
        batch = list(AuditEvent.objects.select_for_update().filter(pk__in=keys[start : start + BATCH]).order_by("pk"))
        for event in batch:
            _forget(event, pk)
        AuditEvent.objects.bulk_update(batch, [*sealing.WORDS, "proofs"], batch_size=100)
    return len(keys)


def _forget(event: AuditEvent, person_id: str) -> None:
    row: dict[str, Any] = {name: getattr(event, name) for name in sealing.FIELDS}
    is_person = event.actor_type in {AuditEvent.ActorType.USER, AuditEvent.ActorType.STAFF}
    for part, column in sealing.PERSONS.items():
        if row[column] == person_id and (part != sealing.ACTOR or is_person):
            sealing.erase(row, part, event.proofs)
    for name in sealing.WORDS:
        setattr(event, name, row[name])
