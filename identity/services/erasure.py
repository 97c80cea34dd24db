"""Erasing a person: what is theirs goes, what they did stays true without saying who they were.

The person's row stays, emptied, so that nothing points nowhere. Audit events are the record of others too: every one
of them stays, and from then on shows the pseudonym that the row's id is.
"""

from django.db import models, transaction

from identity.models import User
from identity.services import accounts, files, owners, sessions
from identity.signals import account_erased
from orgs.services import ownership
from platform_core import scoping, sealing
from platform_core.models import Mail
from platform_core.services import audit, audit_exports


@transaction.atomic
def erase(user: User, *, by: User) -> None:
    """Delete an account for good. Refused while an organization, or the platform, would be left without an owner."""
    accounts.require_reach(user, by)
    with scoping.system():
        ownership.refuse_sole_owner(user)
        sessions.end_all(user, "erased")
        owners.ensure_owner_remains(user)
        address = user.email
        for name in (user.photo, *user.exports.values_list("file", flat=True)):
            files.discard(name, user)
        ownership.leave_all(user)
        _delete_theirs(user)
        # Whatever was to be sent to them is not sent any more, and what was sent need not be kept.
        Mail.objects.filter(to=address).delete()
        account_erased.send(sender=User, user=user, address=address)
        _empty(user)
        audit.record("user.erase", user, by=user if by.pk == user.pk else by)
        audit_exports.redo_without(user)
        audit.pseudonymise(user)


def _delete_theirs(user: User) -> None:
    """Rows that would go with the person's row are the person's: new models are covered by how they refer to it."""
    for relation in User._meta.related_objects:
        if getattr(relation, "on_delete", None) is models.CASCADE:
            relation.related_model._base_manager.filter(**{relation.field.name: user}).delete()


def _empty(user: User) -> None:
    user.email = sealing.pseudonym(user.pk)
    user.first_name = user.last_name = user.photo = ""
    user.status = User.Status.DELETED
    user.is_staff = user.is_employee = user.is_superuser = False
    user.last_login = None
    user.set_unusable_password()
    user.save()
    user.groups.clear()
    user.user_permissions.clear()
