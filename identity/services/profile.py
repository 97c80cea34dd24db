"""What is said of a person: by themselves, and for what they are, by staff."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Exists, OuterRef

from identity import staff_roles
from identity.models.sessions import ADDRESS
from identity.services import accounts, addresses, telemetry
from platform_core import returning
from platform_core.errors import StepUpRequired
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import Session, User


NAMES = ("first_name", "last_name")
# What is told of a person with the change.
TOLD = ("is_taken", "is_proved", "role")


@transaction.atomic
def rename(user: "User", *, first_name: str, last_name: str, by: "User") -> None:
    """Change a person's name; the same name again is no change and leaves no event."""
    save(user, renamed(user, first_name=first_name, last_name=last_name, by=by))


def renamed(user: "User", *, by: "User", **given: str) -> dict[str, str]:
    """The same, told and not written: what of these columns changes, for whoever writes the row anyway."""
    changes = {name: value for name, value in given.items() if getattr(user, name) != value}
    for name, value in changes.items():
        setattr(user, name, value)
    if changes:
        _tell(user, changes, by=by)
    return changes


def save(user: "User", changes: Iterable[str]) -> None:
    """Write these columns, if any, of what was told already."""
    if columns := list(changes):
        accounts.write(user, **{column: getattr(user, column) for column in columns})


@transaction.atomic
def update(user: "User", given: Mapping[str, Any], *, by: "User") -> None:
    """Change what staff may change of an account; what is not given stays."""
    accounts.require_reach(user, by)
    first_name, last_name = given.get("first_name", user.first_name), given.get("last_name", user.last_name)
    rename(user, first_name=first_name, last_name=last_name, by=by)
    if "is_employee" in given:
        accounts.set_employee(user, is_employee=given["is_employee"], by=by)


@transaction.atomic
def update_own(user: "User", given: Mapping[str, Any], *, session: "Session") -> EmailAddress | None:
    """Change one's own name at once, and one's address when the new one has been confirmed: gives that which waits.

    Another address takes a proof, just now, that it is still they.
    """
    email = addresses.checked(user, given["email"]) if "email" in given else None
    names = {name: given[name] for name in NAMES if given.get(name, getattr(user, name)) != getattr(user, name)}
    with audit.together():
        is_taken, is_proved = _written(user, names, email, session)
        if email and not (is_proved and session.impersonator_id is None):
            raise StepUpRequired(ADDRESS)
        if names:
            _tell(user, names, by=user)
        return addresses.begin_change(user, email, by=user, is_taken=is_taken) if email else addresses.pending(user)


def _written(user: "User", names: Mapping[str, str], email: str | None, session: "Session") -> tuple[bool, bool]:
    """Whether the address is another's, and its change proved: asked, as the role for the answer, with the new name."""
    rows = (
        type(user)
        .objects.filter(pk=user.pk)
        .annotate(
            is_taken=addresses.taken(email or "", OuterRef("pk")),
            is_proved=Exists(session.proofs(ADDRESS)),
            role=staff_roles.highest(OuterRef("pk")),
        )
    )
    told = returning.update(rows, *TOLD, **names) if names else list(rows.values_list(*TOLD))
    ((is_taken, is_proved, role),) = told
    vars(user).update({**names, staff_roles.KNOWN: role})
    return is_taken, is_proved


def _tell(user: "User", changes: Mapping[str, str], *, by: "User") -> None:
    audit.record("user.update", user, by=by, changes=changes)
    if by.pk == user.pk:
        telemetry.record("profile.updated", user)
