"""Reads of the audit log: one way to filter it, for the API, the pages and the exports."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Q, QuerySet

from platform_core.models import AuditEvent

# What can be asked of an event. A word that is not given leaves everything in.
FILTERS = ("product", "entity_type", "action", "actor", "since", "until", "text")
# How many events one page of a search looks through: however long the record is, an answer is quick.
LOOKED_THROUGH = 5_000
# Where a text is looked for.
SEARCHED = ("action", "target_label", "actor_label", "impersonator_label", "target_id", "request_id")


def audit_events(organization_id: UUID, asked: Mapping[str, Any]) -> QuerySet[AuditEvent]:
    """An organization's events, the newest first, narrowed by every filter that is given."""
    found = Q(organization_id=organization_id)
    for name in FILTERS:
        if asked.get(name):
            found &= _NARROWED[name](asked[name])
    return AuditEvent.objects.filter(found).order_by("-created_at", "-id")


def is_search(asked: Mapping[str, Any]) -> bool:
    """Whether words are looked for that no index knows."""
    return bool(asked.get("text")) or "@" in asked.get("actor", "")


def unsearched(organization_id: UUID, asked: Mapping[str, Any]) -> QuerySet[AuditEvent]:
    """What a search looks through: the events that all its other filters let in."""
    words = {"text", "actor"} if "@" in asked.get("actor", "") else {"text"}
    return audit_events(organization_id, {name: value for name, value in asked.items() if name not in words})


def behind(events: QuerySet[AuditEvent], last: AuditEvent) -> QuerySet[AuditEvent]:
    """Those that follow an event, the newest first."""
    level = Q(created_at=last.created_at, id__lt=last.pk)
    return events.filter(Q(created_at__lt=last.created_at) | level, created_at__lte=last.created_at)


def up_to(events: QuerySet[AuditEvent], last: AuditEvent) -> QuerySet[AuditEvent]:
    """Those that come before an event, the newest first, and the event itself."""
    level = Q(created_at=last.created_at, id__gte=last.pk)
    return events.filter(Q(created_at__gt=last.created_at) | level, created_at__gte=last.created_at)


def _entity_type(value: str) -> Q:
    """ "membership", or "orgs.membership" where two apps have one of that name. The end of a word no index knows."""
    if "." in value:
        return Q(target_type=value)
    named = [model._meta.label_lower for model in apps.get_models() if model._meta.model_name == value]
    return Q(target_type__in=named) if named else Q(target_type__endswith=f".{value}")


def _action(value: str) -> Q:
    """One action, or with "member.*" all of a kind."""
    return Q(action__startswith=value[:-1]) if value.endswith(".*") else Q(action=value)


def _actor(value: str) -> Q:
    """By id, or by address: whoever acted, or acted as somebody."""
    by_id = Q(actor_id=value) | Q(impersonator_id=value)
    return by_id if "@" not in value else Q(actor_label=value.lower()) | Q(impersonator_label=value.lower())


def _text(value: str) -> Q:
    found = Q()
    for column in SEARCHED:
        found |= Q(**{f"{column}__icontains": value})
    return found


def _since(value: datetime) -> Q:
    return Q(created_at__gte=value)


def _until(value: datetime) -> Q:
    return Q(created_at__lt=value)


def _product(value: str) -> Q:
    return Q(product=value)


_NARROWED: dict[str, Any] = {
    "product": _product,
    "entity_type": _entity_type,
    "action": _action,
    "actor": _actor,
    "since": _since,
    "until": _until,
    "text": _text,
}
