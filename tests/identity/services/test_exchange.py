"""The single-use token; tests/identity/api/auth/test_set_cookie.py shows what browsers make of it."""

import pytest

from identity.models import ExchangeToken, Session, User
from identity.services import exchange, tokens
from platform_core.errors import NotAuthenticated
from tests import make


def test_it_is_not_stored() -> None:
    token = exchange.issue(tokens.issue(make.user(), organization_id=None).session)

    assert token.startswith("xt_")
    assert token not in str(ExchangeToken.objects.values().get())


def test_a_second_use_begins_no_sign_in() -> None:
    token = exchange.issue(tokens.issue(make.user(), organization_id=None).session)
    exchange.redeem(token)

    with pytest.raises(NotAuthenticated):
        exchange.redeem(token)

    assert Session.objects.count() == 2


def test_a_suspended_persons_token_is_worth_nothing() -> None:
    token = exchange.issue(tokens.issue(make.user(), organization_id=None).session)
    User.objects.update(status=User.Status.SUSPENDED)

    with pytest.raises(NotAuthenticated):
        exchange.redeem(token)

    assert ExchangeToken.objects.get().used_at is None
