"""Proving once more who one is before something dangerous: for one purpose, in one session, for ten minutes."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from identity.models import PasskeyChallenge, Session, StepUp
from identity.models.sessions import ADDRESS, ENROL, STEP_UP_LIFE
from identity.services import code_attempts, passkeys, two_factor
from platform_core import clock, scoping
from platform_core.errors import InvalidInput
from platform_core.services import audit

# What views ask for with `step_up = "…"`, and how a page names it.
PURPOSES = {
    ENROL: "change how you sign in",
    "two_factor.disable": "turn off two-factor authentication",
    "backup_codes.generate": "make new recovery codes",
    ADDRESS: "change your address",
    "account.delete": "delete your account",
    "account.export": "export your data",
    "staff.change_role": "change who is staff, or in which role",
    "two_factor.reset": "take away somebody's second factor",
    "console.enter": "enter the staff console",
    "impersonation.start": "act as a customer",
    "organization.transfer": "hand over an organization",
    "organization.delete": "delete an organization",
    "credentials.reveal": "see the credentials of a server",
}


def options(session: Session) -> dict[str, Any]:
    """What a browser needs to ask for one of the person's passkeys."""
    return passkeys.request_options(PasskeyChallenge.Purpose.STEP_UP, session.user)


def by_code(session: Session, purpose: str, code: str) -> StepUp:
    """Grant it for a code of the app, or an unused recovery code."""
    with two_factor.proved_by_code(session.user, code) as method:
        return _granted(session, purpose, method)


def by_passkey(session: Session, purpose: str, answer: Mapping[str, Any]) -> StepUp:
    """Grant it for a passkey."""
    passkeys.accept(PasskeyChallenge.Purpose.STEP_UP, answer, session.user)
    return _granted(session, purpose, two_factor.PASSKEY)


def by_password(session: Session, purpose: str, password: str) -> StepUp:
    """Grant it for the password, of a person who has nothing stronger."""
    if two_factor.is_enabled(session.user):
        message = "Use a code or a passkey."
        raise InvalidInput(message, details={"password": [message]})
    tries = code_attempts.spend(session.user)
    if not session.user.check_password(password):
        code_attempts.was_wrong(session.user, tries)
        message = "The password is not correct."
        raise InvalidInput(message, details={"password": [message]})
    code_attempts.forgive(session.user)
    return _granted(session, purpose, "pwd")


def hand_on(session: Session, begun: Session, purpose: str) -> None:
    """What was proved in one sign-in counts, until the same moment, in the one that follows from it."""
    granted = session.step_ups.get(purpose=purpose)
    StepUp.objects.update_or_create(session=begun, purpose=purpose, defaults={"expires_at": granted.expires_at})


def hand_on_all(session: Session, begun: Session) -> None:
    """The same of everything, where one sign-in takes another's place."""
    session.step_ups.update(session=begun)


def _granted(session: Session, purpose: str, method: str) -> StepUp:
    if purpose not in PURPOSES:
        raise InvalidInput("Unknown purpose.", details={"purpose": [f"One of: {', '.join(PURPOSES)}."]})
    expires_at = clock.wall() + STEP_UP_LIFE
    with transaction.atomic(), scoping.system():
        granted = StepUp(session=session, purpose=purpose, expires_at=expires_at)
        StepUp.objects.bulk_create(
            [granted], update_conflicts=True, unique_fields=["session", "purpose"], update_fields=["expires_at"]
        )
        changes = {"session": session.pk, "purpose": purpose, "method": method}
        audit.record("session.step_up", session.user, by=session.user, changes=changes)
    return granted
