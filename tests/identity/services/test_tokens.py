"""Refresh tokens: rotation, the grace for those who lost a race, and the end for thieves."""

from datetime import timedelta

import pytest
from django.db.models import QuerySet

from identity.models import Session, User
from identity.services import access_tokens, tokens
from identity.services.tokens import IssuedTokens
from platform_core import clock, context
from platform_core.errors import NotAuthenticated
from platform_core.models import AuditEvent, Mail
from platform_core.tokens import digest
from tests import make


@pytest.fixture
def user() -> User:
    return make.user("ada@example.test", first_name="Ada")


@pytest.fixture
def issued(user: User) -> IssuedTokens:
    return tokens.issue(user, organization_id=None)


def later(session: Session, **age: float) -> None:
    """Let the sign-in's last rotation be this long ago."""
    past = timedelta(**age)
    session.refresh_from_db()
    session.spent = [{**step, "until": (clock.wall() - past).isoformat()} for step in session.spent]
    session.save()


def events() -> QuerySet[AuditEvent]:
    """What happened after the sign-in began."""
    return AuditEvent.objects.exclude(action="session.start")


def refused(token: str) -> str:
    with pytest.raises(NotAuthenticated) as caught:
        tokens.refresh(token)
    return caught.value.code


def test_a_sign_in_keeps_only_the_digest_and_where_it_came_from(user: User) -> None:
    context.begin(context.RequestContext(ip_address="192.0.2.7", user_agent="Firefox"))

    issued = tokens.issue(user, organization_id=None)

    row = Session.objects.get()
    assert issued.refresh_token.startswith("rt_")
    assert row.token_digest == digest(issued.refresh_token)
    assert issued.refresh_token not in str(Session.objects.values().get())
    assert (row.ip_address, row.user_agent) == ("192.0.2.7", "Firefox")
    assert issued.expires_in == 300


def test_the_life_of_the_first_access_token_can_be_chosen(user: User) -> None:
    assert tokens.issue(user, organization_id=None, seconds=43_200).expires_in == 43_200


def test_each_use_gives_another_token_of_the_same_sign_in(issued: IssuedTokens) -> None:
    second = tokens.refresh(issued.refresh_token)
    third = tokens.refresh(second.refresh_token)

    assert len({issued.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert third.session == issued.session
    assert access_tokens.verify(third.access_token).session == issued.session
    assert Session.objects.count() == 1


def test_whoever_lost_a_race_gets_the_winners_token(issued: IssuedTokens) -> None:
    winner = tokens.refresh(issued.refresh_token)
    loser = tokens.refresh(issued.refresh_token)

    assert loser.refresh_token == winner.refresh_token
    later(issued.session, seconds=1)
    assert tokens.refresh(loser.refresh_token).session == issued.session


def test_a_straggler_within_the_grace_is_led_to_the_present_token(issued: IssuedTokens) -> None:
    newest = tokens.refresh(tokens.refresh(tokens.refresh(issued.refresh_token).refresh_token).refresh_token)

    assert tokens.refresh(issued.refresh_token).refresh_token == newest.refresh_token


def test_a_token_replayed_within_the_grace_never_branches(issued: IssuedTokens) -> None:
    handed_out = {tokens.refresh(issued.refresh_token).refresh_token for _ in range(5)}

    assert len(handed_out) == 1
    assert not events()


def test_a_token_replayed_after_the_grace_ends_the_sign_in(issued: IssuedTokens) -> None:
    current = tokens.refresh(issued.refresh_token)
    later(issued.session, seconds=1)

    assert refused(issued.refresh_token) == "REFRESH_REUSE"

    issued.session.refresh_from_db()
    assert issued.session.revoked_reason == "reuse"
    event = events().get()
    assert (event.action, event.actor_type, event.target_label) == (
        "session.reuse_detected",
        "system",
        "ada@example.test",
    )
    assert Mail.objects.get().template == "identity/session_ended"
    assert refused(current.refresh_token) == "UNAUTHORIZED"
    with pytest.raises(NotAuthenticated):
        access_tokens.verify(current.access_token)


def test_a_token_spent_long_ago_is_known_for_what_it_is(issued: IssuedTokens) -> None:
    token = issued.refresh_token
    for _ in range(3):
        token = tokens.refresh(token).refresh_token
        later(issued.session, minutes=5)

    assert refused(issued.refresh_token) == "REFRESH_REUSE"


def test_a_guess_at_a_known_handle_ends_that_sign_in_only(user: User, issued: IssuedTokens) -> None:
    other = tokens.issue(user, organization_id=None)
    handle = issued.refresh_token.partition(".")[0]

    assert refused(f"{handle}.guess") == "REFRESH_REUSE"

    assert tokens.refresh(other.refresh_token).session == other.session


@pytest.mark.parametrize("token", ["", "rt_", "rt_unknown.secret", "x" * 4000])
def test_what_is_no_refresh_token_is_refused(issued: IssuedTokens, token: str) -> None:
    assert refused(token) == "UNAUTHORIZED"
    assert not events()


def test_an_access_token_is_no_refresh_token(issued: IssuedTokens) -> None:
    assert refused(issued.access_token) == "UNAUTHORIZED"


@pytest.mark.parametrize("limit", ["idle_expires_at", "absolute_expires_at"])
def test_an_old_sign_in_cannot_be_refreshed(issued: IssuedTokens, limit: str) -> None:
    Session.objects.update(**{limit: clock.wall() - timedelta(seconds=1)})

    assert refused(issued.refresh_token) == "UNAUTHORIZED"


def test_use_keeps_a_sign_in_alive_but_not_beyond_its_absolute_life(issued: IssuedTokens) -> None:
    before = Session.objects.get()
    Session.objects.update(idle_expires_at=clock.wall() + timedelta(seconds=60))

    tokens.refresh(issued.refresh_token)

    after = Session.objects.get()
    assert after.idle_expires_at > clock.wall() + timedelta(days=13)
    assert after.absolute_expires_at == before.absolute_expires_at


def test_suspended_people_cannot_refresh(user: User, issued: IssuedTokens) -> None:
    User.objects.update(status=User.Status.SUSPENDED)

    assert refused(issued.refresh_token) == "UNAUTHORIZED"


def test_a_sign_in_that_began_before_all_were_ended_cannot_refresh(issued: IssuedTokens) -> None:
    User.objects.update(security_version=2)

    assert refused(issued.refresh_token) == "UNAUTHORIZED"


def test_signing_out_ends_the_sign_in(issued: IssuedTokens) -> None:
    for _ in range(2):
        tokens.end(issued.refresh_token)

    assert refused(issued.refresh_token) == "UNAUTHORIZED"
    assert Session.objects.get().revoked_reason == "sign-out"
    event = events().get()
    assert (event.action, event.actor_label) == ("session.end", "ada@example.test")


def test_signing_out_with_the_token_just_spent_ends_it_too(issued: IssuedTokens) -> None:
    current = tokens.refresh(issued.refresh_token)

    tokens.end(issued.refresh_token)

    assert refused(current.refresh_token) == "UNAUTHORIZED"


def test_signing_out_with_a_wrong_secret_ends_nothing(issued: IssuedTokens) -> None:
    tokens.end(issued.refresh_token + "x")
    tokens.end("")

    assert tokens.refresh(issued.refresh_token).session == issued.session


def test_the_pepper_can_change_while_people_are_signed_in(
    issued: IssuedTokens, settings: pytest.FixtureRequest
) -> None:
    settings.TOKEN_PEPPERS = ["p2:new", *settings.TOKEN_PEPPERS]  # type: ignore[attr-defined]

    second = tokens.refresh(issued.refresh_token)

    assert Session.objects.get().token_digest.startswith("p2:")
    assert tokens.refresh(issued.refresh_token).refresh_token == second.refresh_token
