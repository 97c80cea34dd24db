"""Erasing a person: what is theirs goes, what they did stays true without saying who they were.

The person's row stays, emptied, so that nothing points nowhere: from that moment nobody signs in as them, nobody sees
their name and their address is free. A worker empties the other tables, in one transaction, moments later. Audit
events are the record of others too: every one of them stays, and then shows the pseudonym that the row's id is.
"""

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import models, transaction
from django.db.models import F, OuterRef, Q, QuerySet

from identity.models import User
from identity.services import accounts, files, owners, sessions
from identity.services.code_attempts import FORGIVEN
from identity.signals import account_erased
from orgs.services import ownership
from platform_core import clock, nudges, returning, scoping, sealing
from platform_core.errors import Conflict
from platform_core.models import Mail
from platform_core.services import audit, audit_exports

# What emptying the row tells of it.
TOLD = ("erased_address", "owns_alone", "others")


@transaction.atomic
def erase(user: User, *, by: User) -> None:
    """Delete an account for good. Refused while an organization, or the platform, would be left without an owner."""
    accounts.require_reach(user, by)
    with scoping.system():
        ownership.hold_owned(user.pk)
        is_owner = user.is_staff and owners.hold(user)
        _empty(user, is_owner=is_owner)
        # Another may sign up with it at once.
        returning.delete(EmailAddress.objects.filter(user=user), "id")
        audit.record("user.erase", user, by=user if by.pk == user.pk else by)
    nudges.nudge()


def empty_one(worker: str) -> bool:
    """Empty every table of one erased person, all at once; False when nobody waits for it."""
    with transaction.atomic(), scoping.system():
        waiting = User.objects.select_for_update(skip_locked=True).exclude(erased_address="")
        # In no order: whoever cannot be done keeps nobody else waiting.
        user = waiting.order_by("?").first()
        if user is not None:
            _forget(user)
    return user is not None


def _empty(user: User, *, is_owner: bool) -> None:
    """The person's own row, in one statement that also tells whom that would leave without an owner."""
    changes = {
        "email": sealing.pseudonym(user.pk),
        "status": User.Status.DELETED,
        "password": make_password(None),
        "erased_at": clock.now(),
        "recovery_digests": [],
        **dict.fromkeys(("first_name", "last_name"), ""),
        **dict.fromkeys(("is_staff", "is_employee", "is_superuser"), False),
        **dict.fromkeys(("last_login",)),
        **FORGIVEN,
    }
    if not (found := sessions.outdate(user, _as_looked_at(user), *TOLD, erased_address=F("email"), **changes)):
        raise Conflict("This account was changed at this moment. Try again.")
    _, user.erased_address, owns_alone, others = found
    if owns_alone:
        ownership.refuse_sole_owner(user)
    if is_owner and not others:
        raise owners.LastOwner(owners.LAST)
    for name, value in changes.items():
        setattr(user, name, value)


def _as_looked_at(user: User) -> QuerySet[User]:
    """Whoever becomes staff at this moment, or is erased, is no longer the person that was looked at."""
    here = User.objects.filter(pk=user.pk, is_staff=user.is_staff).exclude(status=User.Status.DELETED)
    return here.annotate(owns_alone=ownership.owns_alone(OuterRef("pk")), others=owners.others(OuterRef("pk")))


def _forget(user: User) -> None:
    address = user.erased_address
    for name in (user.photo, *user.exports.values_list("file", flat=True)):
        files.discard(name, user)
    ownership.leave_all(user, address, until=user.erased_at)
    _delete_theirs(user)
    # Whatever was to be sent to them is not sent any more, and what was sent need not be kept. Since then, the address
    # may be another person's.
    theirs = Q(to=address, created_at__lte=user.erased_at) | Q(to=user.email)
    Mail.objects.filter(theirs).delete()
    account_erased.send(sender=User, user=user, address=address)
    user.groups.clear()
    user.user_permissions.clear()
    audit_exports.redo_without(user)
    audit.pseudonymise(user)
    user.photo = user.erased_address = ""
    user.save(update_fields=["photo", "erased_address"])


def _delete_theirs(user: User) -> None:
    """Rows that would go with the person's row are the person's: new models are covered by how they refer to it."""
    for relation in User._meta.related_objects:
        if getattr(relation, "on_delete", None) is models.CASCADE:
            relation.related_model._base_manager.filter(**{relation.field.name: user}).delete()
