"""Creating organizations, changing and deleting them."""

import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.text import slugify

from orgs import roles
from orgs.models import Membership, Organization
from orgs.roles import Role
from orgs.services import authority, ownership, product_roles
from orgs.signals import organization_deleting
from platform_core import clock, scoping
from platform_core.errors import Conflict, NotFound
from platform_core.services import audit, mail

if TYPE_CHECKING:
    from identity.models import User

# A slug becomes a host name: these would look like our own, or end up where mail and browsers look by themselves.
RESERVED = frozenset(
    {"admin", "api", "app", "autoconfig", "autodiscover", "billing", "hub", "localhost", "mail", "status", "www"}
)
# A DNS label has at most 63 characters; the suffix that tells namesakes apart needs some of them.
LONGEST_STEM = 48
TRIES = 10


@transaction.atomic
def create_organization(
    name: str, *, owner: "User", billing_email: str | None = None, by: "User | None"
) -> Organization:
    """An organization with its first owner, under a slug of its own. Its slug never changes afterwards."""
    # It is in nobody's scope before it is there.
    with scoping.system():
        organization = _insert(name, billing_email or owner.email)
        Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
        audit.record("organization.create", organization, by=by, changes={"name": name, "slug": organization.slug})
    return organization


@transaction.atomic
def create_unowned(name: str, *, billing_email: str, actor: tuple[str, str, str]) -> Organization:
    """An organization that nobody signs in to: a product's own customer, who deals with that product alone."""
    with scoping.system():
        organization = _insert(name, billing_email)
        changes = {"name": name, "slug": organization.slug}
        audit.record("organization.create", organization, by=None, actor=actor, changes=changes)
    return organization


@transaction.atomic
def rename(organization: Organization, name: str, *, by: "User") -> None:
    """Change an organization's name; the same name again is no change and leaves no event."""
    _save(organization, {"name": name}, by=by)


@transaction.atomic
def update(organization: Organization, given: Mapping[str, Any], *, by: "User", has_two_factor: bool) -> Organization:
    """Change what its admins may change; what is not given stays."""
    held = ownership.lock(organization)
    authority.of(held, by).require(roles.ORGANIZATION_UPDATE)
    if given.get("two_factor_required") and not has_two_factor:
        message = "Sign in with a second factor first: you would lock yourself out."
        raise Conflict(message, details={"two_factor_required": [message]})
    if "default_product_roles" in given:
        product_roles.check(given["default_product_roles"], field="default_product_roles")
    _save(held, given, by=by)
    return held


@transaction.atomic
def delete_organization(organization: Organization, *, by: "User") -> None:
    """Put an organization out of everybody's reach. Owners may restore it for a while; then it is purged."""
    held = ownership.lock(organization)
    authority.of(held, by).require(roles.ORGANIZATION_DELETE)
    answers: Any = organization_deleting.send(Organization, organization=held)
    running = [each for _, told in answers for each in told]
    if running:
        message = "Something still runs for this organization. End it first: " + ", ".join(running) + "."
        raise Conflict(message, code="ORGANIZATION_IN_USE", details={"organization": running})
    held.status, held.deleted_at = Organization.Status.DELETED, clock.now()
    held.save(update_fields=["status", "deleted_at"])
    audit.record("organization.delete", held, by=by)
    _tell_owners(held, by)


def restorable(user: "User") -> QuerySet[Organization]:
    """The deleted organizations that a person owned, and that are not purged yet."""
    mine = Membership.ALL.filter(user=user, role=Role.OWNER, status=Membership.Status.ACTIVE)
    return Organization.objects.filter(pk__in=mine.values("organization"), purged_at=None).exclude(deleted_at=None)


@transaction.atomic
def restore(organization_id: UUID, *, by: "User") -> Organization:
    """Bring a deleted organization back, with all that it had."""
    with scoping.system():
        mine = Membership.ALL.filter(user=by, role=Role.OWNER, status=Membership.Status.ACTIVE)
        owned = Organization.objects.select_for_update().filter(pk__in=mine.values("organization"), purged_at=None)
        held = owned.filter(pk=organization_id).first()
        if held is None:
            raise NotFound("Not found.")
        _restore(held, by)
    return held


@transaction.atomic
def restore_for_owner(organization: Organization, *, by: "User") -> None:
    """The same by staff, for an owner who asks for it."""
    held = Organization.objects.select_for_update().get(pk=organization.pk)
    if held.purged_at is not None:
        raise Conflict("This organization is gone for good.")
    _restore(held, by)


def _restore(held: Organization, by: "User") -> None:
    if held.status != Organization.Status.DELETED:
        raise Conflict("This organization is not deleted.")
    held.status, held.deleted_at = Organization.Status.ACTIVE, None
    held.save(update_fields=["status", "deleted_at"])
    audit.record("organization.restore", held, by=by)


def _save(organization: Organization, given: Mapping[str, Any], *, by: "User") -> None:
    before = {name: getattr(organization, name) for name in given}
    changes = {name: [before[name], value] for name, value in given.items() if before[name] != value}
    if changes:
        for name in changes:
            setattr(organization, name, given[name])
        organization.save(update_fields=list(changes))
        product = (
            product_roles.concerned(*changes["default_product_roles"]) if "default_product_roles" in changes else ""
        )
        audit.record("organization.update", organization, by=by, changes=changes, product=product)


def _tell_owners(organization: Organization, by: "User") -> None:
    owners = Membership.ALL.filter(organization=organization, role=Role.OWNER, status=Membership.Status.ACTIVE)
    until = clock.now() + timedelta(days=settings.ORGANIZATION_RESTORE_DAYS)
    context = {
        "organization": organization.name,
        "who": by.name,
        "until": f"{until:%-d %B %Y}",
        "url": settings.BASE_URL + reverse("portal:deleted-organizations"),
    }
    for owner in owners.select_related("user"):
        key = f"organization.deleted:{organization.pk}:{organization.deleted_at}:{owner.pk}"
        mail.queue("orgs/deleted", owner.user.email, {**context, "name": owner.user.name}, key=key)


def _insert(name: str, billing_email: str) -> Organization:
    for slug in islice(_slugs(name), TRIES):
        try:
            with transaction.atomic():
                return Organization.objects.create(name=name, slug=slug, billing_email=billing_email)
        except IntegrityError:
            continue
    raise Conflict("Too many organizations bear this name. Choose another one.")


def _slugs(name: str) -> Iterator[str]:
    """The name as a host name, then the same with random endings."""
    stem = slugify(name).replace("_", "-")[:LONGEST_STEM].strip("-") or "organization"
    if stem not in RESERVED:
        yield stem
    while True:
        yield f"{stem}-{secrets.token_hex(3)}"
