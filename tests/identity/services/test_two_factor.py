"""What protects a person, and what no page offers: that the services hold by themselves."""

from datetime import timedelta

import pytest

from identity.models import TotpDevice, User
from identity.services import recovery_codes, two_factor
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput, NotFound
from platform_core.models import AuditEvent
from tests import authenticators, make
from tests.authenticators import code
from tests.sign_ins import make_session


def test_an_app_that_waits_does_not_count() -> None:
    user = make.user()
    two_factor.set_up(user)

    assert not two_factor.is_enabled(user)
    assert two_factor.being_set_up(user) is not None


def test_an_account_made_on_the_server_may_have_its_app_at_once() -> None:
    user = make.user()

    secret = two_factor.enrol(user)

    assert two_factor.is_enabled(user)
    assert two_factor.check_code(user, code(secret)) == "otp"
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_type, event.changes) == ("two_factor.enable", "system", {"method": "otp"})


def test_setting_up_again_replaces_the_waiting_secret() -> None:
    user = make.user()

    first, second = two_factor.set_up(user), two_factor.set_up(user)

    assert first.secret != second.secret
    assert TotpDevice.objects.get().secret == second.secret


def test_nothing_is_confirmed_that_was_not_begun() -> None:
    user = make.user()

    with pytest.raises(Conflict, match="No authenticator app is being set up"):
        two_factor.confirm(user, "123456", session=make_session(user))


def test_an_old_secret_is_not_confirmed() -> None:
    user = make.user()
    secret = two_factor.set_up(user).secret
    TotpDevice.objects.update(set_up_at=clock.wall() - timedelta(minutes=16))

    with pytest.raises(Conflict):
        two_factor.confirm(user, code(secret), session=make_session(user))


@pytest.mark.parametrize(("is_staff", "asks", "required"), [(0, 0, 0), (1, 0, 1), (0, 1, 1)])
def test_who_must_have_it(is_staff: int, asks: int, required: int) -> None:
    user = make.person(make.organization(two_factor_required=bool(asks)), is_staff=bool(is_staff))

    assert two_factor.is_required(user) is bool(required)


def test_a_suspended_organization_asks_for_nothing() -> None:
    user = make.person(make.organization(two_factor_required=True))
    Organization.objects.update(status="suspended")

    assert not two_factor.is_required(user)


def test_a_passkey_of_another_is_not_removed_with_ones_own() -> None:
    user, other = make.user(), make.user()
    authenticators.passkey_of(user)
    authenticators.passkey_of(other)

    with pytest.raises(NotFound):
        two_factor.remove_passkey(user, other.passkeys.get().pk, session=make_session(user))
    assert other.passkeys.exists()


def test_an_app_that_is_not_there_is_not_removed() -> None:
    user = make.user()
    authenticators.passkey_of(user)

    with pytest.raises(NotFound):
        two_factor.remove_app(user, session=make_session(user))


def test_removing_one_of_two_keeps_the_recovery_codes() -> None:
    user = make.user()
    session = make_session(user)
    secret = two_factor.set_up(user).secret
    two_factor.confirm(user, code(secret), session=session)
    authenticators.passkey_of(user)

    two_factor.remove_app(user, session=session)

    user.refresh_from_db()
    assert recovery_codes.left(user) == 10
    assert two_factor.is_enabled(user)


def test_codes_are_refused_alike() -> None:
    user = make.user()
    with pytest.raises(InvalidInput) as without:
        two_factor.check_code(user, "123456")
    authenticators.app_of(user)
    with pytest.raises(InvalidInput) as wrong:
        two_factor.check_code(user, "nothing")

    assert (without.value.message, without.value.details) == (wrong.value.message, wrong.value.details)


def test_a_recovery_code_turns_it_off_unless_it_is_used_elsewhere_at_this_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = make.user()
    session = make_session(user)
    authenticators.app_of(user)
    codes = recovery_codes.generate(user, by=user)
    after = recovery_codes.after

    def used_meanwhile(person: User, given: str) -> list[str] | None:
        left = after(person, given)
        User.objects.update(recovery_digests=[])
        return left

    with monkeypatch.context() as patched:
        patched.setattr(recovery_codes, "after", used_meanwhile)
        with pytest.raises(two_factor.WrongCode):
            two_factor.disable_by_code(user, codes[0], session=session)
    assert two_factor.is_enabled(user)
    codes = recovery_codes.generate(user, by=user)

    status = two_factor.disable_by_code(user, codes[0], session=session)

    assert (status.enabled, status.backup_codes_left, two_factor.is_enabled(user)) == (False, 0, False)
    assert AuditEvent.objects.get(action="two_factor.use_backup_code").changes == {"left": 9}
