"""Taking away the second factor of somebody who lost it."""

import pytest

from identity.models import User
from identity.services import recovery_codes, two_factor, two_factor_reset
from platform_core.errors import Conflict, InvalidInput, NotAllowed
from platform_core.models import AuditEvent, Mail
from tests import authenticators, clients, make
from tests.sign_ins import make_session

REASON = "Ticket 4711: the phone was stolen."


def enrolled(user: User) -> User:
    """With everything that a person can have."""
    two_factor.enrol(user)
    authenticators.passkey_of(user)
    recovery_codes.generate(user, by=user)
    User.objects.filter(pk=user.pk).update(wrong_codes=9)
    make.tampered("DELETE FROM platform_core_auditevent")
    Mail.objects.all().delete()
    return user


def staff(role: str) -> User:
    return clients.staff_in(role).user


def test_nothing_of_it_is_left_and_every_sign_in_ends() -> None:
    by, person = staff("ADMIN"), enrolled(make.user("ada@acme.test"))
    session, version = make_session(person), person.security_version

    two_factor_reset.reset(person, by=by, reason=f"  {REASON} ")

    person.refresh_from_db()
    status = two_factor.status(person)
    assert (status.totp, status.passkeys, status.backup_codes_left) == (False, 0, 0)
    assert User.objects.get(pk=person.pk).wrong_codes == 0
    session.refresh_from_db()
    assert session.revoked_reason == "two_factor"
    assert User.objects.get(pk=person.pk).security_version == version + 1


def test_it_is_recorded_with_both_and_told_to_the_person() -> None:
    by, person = staff("OWNER"), enrolled(make.user("ada@acme.test"))

    two_factor_reset.reset(person, by=by, reason=REASON)

    event = AuditEvent.objects.get(action="two_factor.reset")
    assert (event.actor_id, event.actor_type, event.target_id) == (str(by.pk), "staff", str(person.pk))
    assert event.changes == {"reason": REASON}
    mail = Mail.objects.get()
    assert mail.to == "ada@acme.test"
    assert f"“{REASON}”" in mail.text


def test_a_colleague_who_acts_as_somebody_stops() -> None:
    helper = enrolled(staff("SUPPORT"))
    acting = make_session(make.user(), impersonator=helper, reason=REASON)

    two_factor_reset.reset(helper, by=staff("ADMIN"), reason=REASON)

    acting.refresh_from_db()
    assert acting.revoked_reason == "two_factor"


@pytest.mark.parametrize(
    ("role", "target", "allowed"),
    [
        ("OWNER", "OWNER", True),
        ("OWNER", "ADMIN", True),
        ("ADMIN", "OWNER", False),
        ("ADMIN", "ADMIN", False),
        ("ADMIN", "MANAGER", True),
        ("ADMIN", "SUPPORT", True),
    ],
)
def test_of_colleagues_only_those_who_stand_lower(role: str, target: str, *, allowed: bool) -> None:
    by, colleague = staff(role), enrolled(staff(target))

    if allowed:
        two_factor_reset.reset(colleague, by=by, reason=REASON)
    else:
        with pytest.raises(NotAllowed, match="not below yours"):
            two_factor_reset.reset(colleague, by=by, reason=REASON)

    assert two_factor.is_enabled(colleague) is not allowed


@pytest.mark.parametrize("role", ["MANAGER", "SUPPORT"])
def test_the_lower_roles_may_not(role: str) -> None:
    person = enrolled(make.user())

    with pytest.raises(NotAllowed, match="Your role"):
        two_factor_reset.reset(person, by=staff(role), reason=REASON)

    assert two_factor.is_enabled(person)


def test_a_superuser_reaches_everybody_and_is_reached_by_superusers_only() -> None:
    root, other, boss = (make.user(is_staff=True, is_superuser=each) for each in (True, True, False))
    enrolled(other)

    with pytest.raises(NotAllowed):
        two_factor_reset.reset(other, by=staff("OWNER"), reason=REASON)
    two_factor_reset.reset(other, by=root, reason=REASON)

    assert not two_factor.is_enabled(other)
    assert not AuditEvent.objects.filter(target_id=str(boss.pk)).exists()


def test_nobody_does_it_to_themselves() -> None:
    boss = enrolled(staff("OWNER"))

    with pytest.raises(Conflict, match="your own"):
        two_factor_reset.reset(boss, by=boss, reason=REASON)

    assert two_factor.is_enabled(boss)


def test_without_a_reason_or_a_second_factor_nothing_happens() -> None:
    by, person = staff("ADMIN"), make.user()

    with pytest.raises(Conflict, match="no second factor"):
        two_factor_reset.reset(person, by=by, reason=REASON)
    with pytest.raises(InvalidInput):
        two_factor_reset.reset(enrolled(person), by=by, reason="lost")

    assert two_factor.is_enabled(person)
    assert not AuditEvent.objects.exists()
    assert not Mail.objects.exists()
