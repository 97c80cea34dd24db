"""What a step-up is granted for."""

from datetime import timedelta

import pytest

from identity.models import Session
from identity.models.sessions import ENROL
from identity.services import step_up
from platform_core import clock, routes
from platform_core.errors import InvalidInput
from platform_core.portal.base import PortalView
from tests import authenticators, make
from tests.make.identity import PASSWORD
from tests.sign_ins import make_session


def purposes_of(view: object) -> set[str]:
    declared = getattr(view, "step_up", {})
    return {declared} - {""} if isinstance(declared, str) else set(declared.values())


def test_every_purpose_that_a_view_asks_for_can_be_granted() -> None:
    views = [getattr(pattern.callback, "cls", None) or view_of(pattern) for _, pattern in routes.patterns()]
    asked = set().union(*(purposes_of(view) for view in views if isinstance(view, type)))

    assert ENROL in asked
    assert asked <= set(step_up.PURPOSES)


def view_of(pattern: object) -> object:
    view = getattr(getattr(pattern, "callback", None), "view_class", None)
    return view if view and issubclass(view, PortalView) else None


def test_an_unknown_purpose_is_not_granted() -> None:
    session = make_session(make.user())

    with pytest.raises(InvalidInput):
        step_up.by_password(session, "everything", PASSWORD)


def test_a_fresh_sign_in_may_enrol_and_nothing_else() -> None:
    session = make_session(make.user())

    assert [purpose for purpose in step_up.PURPOSES if session.has_stepped_up(purpose)] == [ENROL]


def test_an_older_one_proves_itself_and_again_extends_it() -> None:
    session = make_session(make.user(), created_at=clock.now() - timedelta(minutes=11))
    assert not session.has_stepped_up(ENROL)

    first = step_up.by_password(session, ENROL, PASSWORD)
    second = step_up.by_password(session, ENROL, PASSWORD)

    assert session.has_stepped_up(ENROL)
    assert second.expires_at > first.expires_at
    assert session.step_ups.get().expires_at == second.expires_at


def test_whoever_acts_as_somebody_has_never_stepped_up() -> None:
    session = make_session(make.user(), impersonator=make.user(is_staff=True), reason="A ticket")

    assert not session.has_stepped_up(ENROL)


def test_a_password_is_refused_beside_a_second_factor() -> None:
    user = make.user()
    authenticators.app_of(user)

    with pytest.raises(InvalidInput, match=r"Use a code or a passkey\."):
        step_up.by_password(Session.objects.get(pk=make_session(user).pk), ENROL, PASSWORD)
