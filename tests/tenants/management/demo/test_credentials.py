"""Logging in for the credentials file."""

from datetime import timedelta
from pathlib import Path

import pytest

from identity.models import User
from platform_core import clock
from tenants.management.demo import credentials
from tests import authenticators, make, web_server
from tests.make.identity import PASSWORD
from tests.processes import shared_database


@pytest.mark.django_db(transaction=True)
def test_whoever_is_blocked_is_named_with_the_reason(tmp_path: Path) -> None:
    with shared_database(tmp_path), web_server.serve() as url:
        kim = make.user("kim@example.test")
        secret = authenticators.app_of(kim)
        assert credentials.sign_in(url, kim.email, PASSWORD, secret)["totpSecret"] == secret
        User.objects.update(wrong_codes=10, codes_blocked_until=clock.wall() + timedelta(hours=1))

        with pytest.raises(credentials.Refused, match=r"kim@example\.test cannot sign in: Too many wrong codes"):
            credentials.sign_in(url, kim.email, PASSWORD, secret)
