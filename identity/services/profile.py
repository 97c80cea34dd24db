"""What is said of a person: by themselves, and for what they are, by staff."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction

from identity.services import accounts, addresses, telemetry
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User


@transaction.atomic
def rename(user: "User", *, first_name: str, last_name: str, by: "User") -> None:
    """Change a person's name; the same name again is no change and leaves no event."""
    given = {"first_name": first_name, "last_name": last_name}
    changes = {name: value for name, value in given.items() if getattr(user, name) != value}
    if not changes:
        return
    for name, value in changes.items():
        setattr(user, name, value)
    user.save(update_fields=list(changes))
    audit.record("user.update", user, by=by, changes=changes)
    if by.pk == user.pk:
        telemetry.record("profile.updated", user)


@transaction.atomic
def update(user: "User", given: Mapping[str, Any], *, by: "User") -> None:
    """Change what staff may change of an account; what is not given stays."""
    accounts.require_reach(user, by)
    first_name, last_name = given.get("first_name", user.first_name), given.get("last_name", user.last_name)
    rename(user, first_name=first_name, last_name=last_name, by=by)
    if "is_employee" in given:
        accounts.set_employee(user, is_employee=given["is_employee"], by=by)


@transaction.atomic
def update_own(user: "User", given: Mapping[str, Any]) -> None:
    """Change one's own name at once, and one's address when the new one has been confirmed."""
    first_name, last_name = given.get("first_name", user.first_name), given.get("last_name", user.last_name)
    rename(user, first_name=first_name, last_name=last_name, by=user)
    if "email" in given:
        addresses.request_change(user, given["email"], by=user)
