"""Signing in, refusing to, and asking who one is."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import check_password
from django.test import Client, override_settings

from identity.models import User
from identity.services import limits, tokens
from tests import make
from tests.bench import wsgi
from tests.bench.harness import Call, Comparison, alternate, compare
from tests.bench.references import body_of
from tests.make.identity import PASSWORD

LOGIN = "/api/user/auth/login"
UNLIMITED = {
    "SESSION_REQUESTS_PER_MINUTE": 10**6,
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.Argon2PasswordHasher"],
}


@contextmanager
def _unlimited() -> Iterator[None]:
    """The limits count as ever, and are never reached."""
    usual = dict(limits.RATES)
    for action in ("login", "login_failed"):
        limits.RATES[action] = {whom: (10**6, seconds) for whom, (_, seconds) in usual[action].items()}
    try:
        with override_settings(**UNLIMITED):
            yield
    finally:
        limits.RATES.update(usual)


def read_oneself() -> Comparison:
    """Who one is, by bearer token; the reference stands under the same middleware."""
    organization = make.organization()
    person = make.person(organization)
    with _unlimited():
        token = tokens.issue(person, organization_id=organization.pk).access_token
        ours = wsgi.call(wsgi.ours(), "GET", "/api/v1/users/me", authorization=f"Bearer {token}")
        reference = wsgi.call(wsgi.ours(), "GET", f"/bench/people/{person.pk}")
        return compare("GET users/me", ours, "DRF, one row by key", reference, target=0.7)


def login() -> Comparison:
    """A right password, against hashing it once."""
    with _unlimited():
        user = make.user()
        stored = user.password
        ours = _sign_in(user.email, PASSWORD, 200)
        return alternate("login", ours, "one hash", lambda: check_password(PASSWORD, stored), target=1 / 1.15)


def login_unknown() -> Comparison:
    """An unknown address is refused as slowly as a wrong password."""
    return _refusal("refusal, unknown address", "nobody@example.test")


def login_suspended() -> Comparison:
    """So is a suspended account with its right password."""
    return _refusal("refusal, suspended", make.user(status=User.Status.SUSPENDED).email)


def _refusal(name: str, email: str) -> Comparison:
    with _unlimited():
        wrong = _sign_in(make.user().email, "wrong password", 401)
        call = _sign_in(email, PASSWORD, 401)
        return alternate(name, call, "of a wrong password", wrong, target=1 / 1.05, most=1.05)


def _sign_in(email: str, password: str, status: int) -> Call:
    client, body = Client(), body_of({"email": email, "password": password})

    def call() -> None:
        client.cookies.clear()
        answer = client.post(LOGIN, body, content_type="application/json")
        assert answer.status_code == status, answer.content

    return call
