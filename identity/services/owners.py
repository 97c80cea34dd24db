"""The platform always has an owner who can sign in: whoever takes one away asks here first."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Exists, QuerySet
from django.urls import reverse

from identity import staff_roles
from identity.models import User
from orgs.models import Organization
from platform_core.errors import Conflict
from platform_core.models import AuditChain
from platform_core.services import mail

LAST = "This is the last owner: make somebody else an owner first."


class LastOwner(Conflict):
    """Without this person nobody could decide who is staff."""

    code = "LAST_OWNER"


def ensure_owner_remains(without: User) -> None:
    """Refuse to lose the last owner. Call it in the transaction that takes their place away, holding their row.

    All who take an owner away queue at the row of the owners' group, so that two at once cannot each count the other.
    """
    if hold(without) and without.is_staff and without.is_active:
        require_another(without)


def hold(person: User) -> bool:
    """Whether the person is an owner; if so, no owner is taken away by anybody else before this transaction ends."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("The lock must last until the owner is gone.")
    # Nobody becomes an owner, or ceases to be one, while another holds their row.
    return Group.objects.select_for_update(of=("self",)).filter(name=staff_roles.OWNER, user=person).first() is not None


def require_another(without: User) -> None:
    """The same, of an owner, for whoever holds the row of the owners' group already."""
    if not _active().exclude(pk=without.pk).exists():
        raise LastOwner(LAST)


def others(person: Any) -> Exists:
    """Whether there is another owner, as a condition on the row of one."""
    return Exists(_active().exclude(pk=person))


def tell_of_broken_record(chain: AuditChain) -> None:
    """A message to each of them: what was found, and where to look."""
    # A chain bears the id of its organization, or one that none has.
    organization = Organization.objects.filter(pk=chain.pk).first()
    context = {
        "whose": organization.name if organization else "the platform",
        "problem": chain.problem,
        "found_at": f"{chain.verified_at:%-d %B %Y, %H:%M}",
        "url": settings.BASE_URL + reverse("admin:platform_core_auditchain_change", args=[chain.pk]),
    }
    for owner in _active():
        key = f"audit.broken:{chain.pk}:{chain.verified_at}:{owner.pk}"
        mail.queue("identity/record_broken", owner.email, {**context, "name": owner.name}, key=key)


def _active() -> QuerySet[User]:
    return User.objects.filter(groups__name=staff_roles.OWNER, is_staff=True, status=User.Status.ACTIVE)
