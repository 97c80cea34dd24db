"""Keeping the copy of what organizations have in products."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import IntegrityError, models, transaction

from orgs.models import Organization, Product, ProductResource
from platform_core import clock


class Outcome(StrEnum):
    """What became of one report."""

    APPLIED = "applied"
    # One at least as new was told before.
    STALE = "stale"
    UNKNOWN_ORGANIZATION = "unknown_organization"
    # It stands under another organization, and does not move to this one by a report.
    OTHER_ORGANIZATION = "other_organization"


@dataclass(frozen=True)
class Report:
    """What a product says of one of its resources."""

    organization_id: UUID
    kind: str
    external_id: str
    version: int
    name: str
    url: str = ""
    state: str = ""
    deleted: bool = False


def report(product: Product, told: list[Report]) -> list[Outcome]:
    """Keep what the product says, each by itself and in the given order: one that is refused hinders none."""
    wanted = {each.organization_id for each in told}
    known = set(Organization.objects.filter(pk__in=wanted, purged_at=None).values_list("pk", flat=True))
    return [_kept(product, each) if each.organization_id in known else Outcome.UNKNOWN_ORGANIZATION for each in told]


def _kept(product: Product, told: Report) -> Outcome:
    if _updated(product, told) or _created(product, told) or _updated(product, told):
        return Outcome.APPLIED
    return Outcome.STALE if _of(product, told).exists() else Outcome.OTHER_ORGANIZATION


def _updated(product: Product, told: Report) -> bool:
    """Only a greater version is written, whoever else writes at the same moment."""
    older = _of(product, told).filter(version__lt=told.version)
    return older.update(version=told.version, **_values(told)) == 1


def _created(product: Product, told: Report) -> bool:
    try:
        with transaction.atomic():
            ProductResource.objects.create(
                product=product,
                kind=told.kind,
                external_id=told.external_id,
                organization_id=told.organization_id,
                version=told.version,
                **_values(told),
            )
    except IntegrityError:
        return False
    return True


def _of(product: Product, told: Report) -> models.QuerySet[ProductResource]:
    named = ProductResource.objects.filter(product=product, kind=told.kind, external_id=told.external_id)
    return named.filter(organization_id=told.organization_id)


def _values(told: Report) -> dict[str, object]:
    now = clock.wall()
    return {
        "name": told.name,
        "url": told.url,
        "state": told.state,
        "reported_at": now,
        "deleted_at": now if told.deleted else None,
    }
