"""Joining an organization as somebody new: the mailed invitation proves the address."""

from django.db import transaction

from identity.models import User
from identity.services import accounts, passwords, telemetry
from orgs.models import Invitation
from orgs.services import invitations
from platform_core import scoping
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit


def has_account(invitation: Invitation) -> bool:
    """Whether the address has an account, whose holder signs in and says yes."""
    return User.objects.filter(email=invitation.email).exists()


def sign_up(token: str, name: str, password: str) -> User:
    """Open an account by an invitation. The organization it is for is the person's first; they get none besides."""
    invitation = invitations.of_token(token)
    if has_account(invitation):
        raise Conflict("There is an account with this address. Sign in, and open the invitation again.")
    if not name.strip():
        raise InvalidInput("Say your name.", details={"name": ["This field is required."]})
    person = accounts.unsaved(invitation.email, name)
    passwords.check_strength(password, person)
    # Hashing is slow on purpose, so it is done before the transaction begins.
    person.set_password(password)
    with transaction.atomic(), scoping.system():
        accounts.insert(person, confirmed=True)
        audit.record("user.register", person, by=person)
        invitations.accept(token, person)
        telemetry.record("account.registered", person, organization_id=invitation.organization_id)
    return person
