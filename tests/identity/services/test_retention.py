"""What is forgotten of sign-ins, and what is not."""

from datetime import timedelta

from identity.models import BrowserSession as Carrier
from identity.models import ExchangeToken, Session, SigningKey
from identity.services import exchange, retention, signing_keys, tokens
from platform_core import clock
from platform_core.schedule import find
from tests import make
from tests.clients import ApiClient
from tests.sign_ins import enter, make_session


def test_only_what_is_long_over_goes() -> None:
    user, now = make.user(), clock.wall()
    long_ago, lately = now - timedelta(days=91), now - timedelta(days=89)
    kept = [make_session(user), make_session(user, revoked_at=lately), make_session(user, idle_expires_at=lately)]
    make_session(user, revoked_at=long_ago)
    make_session(user, idle_expires_at=long_ago)
    make_session(user, absolute_expires_at=long_ago)

    assert find("identity.forget_ended").run() == {"sessions": 3, "exchange_tokens": 0, "signing_keys": 0}

    assert set(Session.objects.all()) == set(kept)


def test_tokens_and_keys_that_are_worth_nothing_go_too() -> None:
    session = tokens.issue(make.user(), organization_id=None).session
    old, fresh = exchange.issue(session), exchange.issue(session)
    ExchangeToken.objects.filter(pk=exchange._spent(old).pk).update(expires_at=clock.wall() - timedelta(seconds=1))
    signing_keys.rotate(overlap=timedelta(days=-91))
    signing_keys.rotate(overlap=timedelta(0))

    assert retention.forget_ended() == {"sessions": 0, "exchange_tokens": 1, "signing_keys": 1}

    assert exchange.redeem(fresh).session.user == session.user
    assert SigningKey.objects.count() == 2


def test_browsers_whose_cookie_is_over_leave_nothing() -> None:
    enter(ApiClient(), make.user())
    enter(ApiClient(), make.user())
    Carrier.objects.filter(pk=Carrier.objects.all()[0].pk).update(expire_date=clock.wall() - timedelta(seconds=1))

    retention.forget_ended()

    assert Carrier.objects.count() == 1
