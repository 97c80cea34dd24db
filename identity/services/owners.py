"""The platform always has an owner who can sign in: whoever takes one away asks here first."""

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet

from identity import staff_roles
from identity.models import User
from platform_core.errors import Conflict


class LastOwner(Conflict):
    """Without this person nobody could decide who is staff."""

    code = "LAST_OWNER"


def ensure_owner_remains(without: User) -> None:
    """Refuse to lose the last owner. Call it in the transaction that takes their place away, holding their row.

    All who take an owner away queue at the row of the owners' group, so that two at once cannot each count the other.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("The lock must last until the owner is gone.")
    # Nobody becomes an owner, or ceases to be one, while another holds their row.
    held = Group.objects.select_for_update(of=("self",)).filter(name=staff_roles.OWNER, user=without)
    if held.first() is not None and without.is_staff and without.is_active:
        require_another(without)


def require_another(without: User) -> None:
    """The same, of an owner, for whoever holds the row of the owners' group already."""
    if not _active().exclude(pk=without.pk).exists():
        raise LastOwner("This is the last owner: make somebody else an owner first.")


def _active() -> QuerySet[User]:
    return User.objects.filter(groups__name=staff_roles.OWNER, is_staff=True, status=User.Status.ACTIVE)
