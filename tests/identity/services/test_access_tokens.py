"""Access tokens: what they say, and every way to forge one."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identity.models import Session, User
from identity.services import access_tokens, tokens
from identity.services.signing_keys import signing_key
from platform_core import clock
from platform_core.errors import NotAuthenticated
from tests import clocks, make

STRANGER = "5a2b7e8c-0d1f-4c3e-9a6b-7d8e9f0a1b2c"


@pytest.fixture
def user() -> User:
    return make.user("ada@example.test", first_name="Ada", is_staff=True)


@pytest.fixture
def session(user: User) -> Session:
    return tokens.issue(user, organization_id=None).session


def claims_of(session: Session, **changes: Any) -> dict[str, Any]:
    now = int(clock.wall().timestamp())
    claims = {
        "iss": "http://127.0.0.1:8000",
        "aud": "mainstay",
        "sub": str(session.user_id),
        "sid": str(session.pk),
        "jti": str(uuid4()),
        "iat": now,
        "exp": now + 300,
    }
    merged = claims | changes
    return {name: value for name, value in merged.items() if value is not None}


def forge(session: Session, *, headers: dict[str, Any] | None = None, key: str = "", **changes: Any) -> str:
    """A token signed with the real key unless another is given, with some claims or headers changed."""
    real = signing_key()
    header = {"kid": str(real.pk), "typ": "at+jwt"} | (headers or {})
    return jwt.encode(claims_of(session, **changes), key or real.private_key, algorithm="ES256", headers=header)


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
    return ".".join([*parts, signature])


def refused(token: str) -> bool:
    with pytest.raises(NotAuthenticated) as caught:
        access_tokens.verify(token)
    return caught.value.message == "The access token is not valid."


def test_a_token_names_the_person_and_the_sign_in_and_nothing_they_may_do(user: User) -> None:
    organization_id = uuid4()
    issued = tokens.issue(user, organization_id=organization_id, seconds=60)

    header = jwt.get_unverified_header(issued.access_token)
    claims = jwt.decode(issued.access_token, options={"verify_signature": False})

    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": str(signing_key().pk)}
    assert claims.pop("jti")
    assert claims.pop("iat") + 60 == claims.pop("exp")
    assert claims == {
        "iss": "http://127.0.0.1:8000",
        "aud": "mainstay",
        "sub": str(user.pk),
        "sid": str(issued.session.pk),
        "organization_id": str(organization_id),
    }


def test_a_valid_token_is_read_in_one_query(user: User) -> None:
    organization_id = uuid4()
    issued = tokens.issue(user, organization_id=organization_id)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        access = access_tokens.verify(issued.access_token)
        assert access.session.user == user

    assert len(queries) == 1
    assert access.session == issued.session
    assert access.organization_id == organization_id


def test_a_token_without_an_organization_names_none(session: Session) -> None:
    assert access_tokens.verify(forge(session)).organization_id is None


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"aud": "somebody-else"},
        {"aud": None},
        {"sub": STRANGER},
        {"sub": None},
        {"sid": STRANGER},
        {"sid": "not-a-uuid"},
        {"sid": None},
        {"jti": None},
        {"iat": None},
        {"exp": None},
        {"exp": "soon"},
        {"organization_id": "not-a-uuid"},
    ],
    ids=str,
)
def test_wrong_or_missing_claims_are_refused(session: Session, changes: dict[str, Any]) -> None:
    assert refused(forge(session, **changes))


@pytest.mark.parametrize(
    "headers",
    [
        {"typ": "JWT"},
        {"typ": "refresh+jwt"},
        {"kid": STRANGER},
        {"kid": "../../etc/passwd"},
        {"kid": "x' UNION SELECT 'x"},
    ],
    ids=str,
)
def test_wrong_headers_are_refused(session: Session, headers: dict[str, Any]) -> None:
    assert refused(forge(session, headers=headers))


@pytest.mark.parametrize(("seconds_ago", "accepted"), [(0, True), (29, True), (61, False), (86_400, False)], ids=str)
def test_an_expired_token_is_refused_within_the_leeway(session: Session, seconds_ago: int, *, accepted: bool) -> None:
    now = int(clock.wall().timestamp())
    token = forge(session, iat=now - 90_000, exp=now - seconds_ago)

    assert accepted or refused(token)
    assert not accepted or access_tokens.verify(token).session == session


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_from_the_future_is_refused(session: Session, claim: str) -> None:
    ahead = int(clock.wall().timestamp()) + 61

    changes: dict[str, Any] = {claim: ahead, "exp": ahead + 300}

    assert refused(forge(session, **changes))


def test_alg_none_is_refused(session: Session) -> None:
    for algorithm in ("none", "None", "NONE"):
        header = {"alg": algorithm, "typ": "at+jwt", "kid": str(signing_key().pk)}
        assert refused(unsigned(header, claims_of(session)))


def test_our_public_key_as_an_hmac_secret_is_refused(session: Session) -> None:
    key = signing_key()
    header = {"alg": "HS256", "typ": "at+jwt", "kid": str(key.pk)}
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    bare = unsigned(header, claims_of(session)).removesuffix(".")
    signature = algorithm.sign(bare.encode(), key.public_key.encode())

    assert refused(f"{bare}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}")


def test_another_key_than_ours_is_refused(session: Session) -> None:
    theirs = ec.generate_private_key(ec.SECP256R1())
    pem = theirs.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    assert refused(forge(session, key=pem))
    assert refused(forge(session, key=pem, headers={"jku": "https://evil.example/keys", "x5u": "https://evil.example"}))


def test_a_changed_payload_is_refused(session: Session) -> None:
    header, _, signature = forge(session).split(".")
    other = make.user()
    payload = unsigned({}, claims_of(session, sub=str(other.pk))).split(".")[1]

    assert refused(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "x" * 5000, "rt_abc.def", "é.é.é", "W10.W10.W10", "e30.e30.e30"]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refused(token)


def test_parts_that_are_nested_beyond_reading_are_refused(session: Session) -> None:
    header, payload, signature = forge(session).split(".")
    for depth in (100, 900, 4000):
        deep = base64.urlsafe_b64encode(b"[" * depth + b"]" * depth).decode().rstrip("=")
        assert refused(f"{deep}.{payload}.{signature}")
        assert refused(f"{header}.{deep}.{signature}")


def test_a_header_that_carries_something_deep_is_refused(session: Session) -> None:
    """The reader that knows the key stands lower on the stack than ours."""
    for depth in range(700, 1000, 20):
        header, payload, signature = forge(session).split(".")
        bent = base64.urlsafe_b64decode(header + "==").decode().removesuffix("}")
        bent = f'{bent}, "x": {"[" * depth}{"]" * depth}}}'
        assert refused(f"{base64.urlsafe_b64encode(bent.encode()).decode().rstrip('=')}.{payload}.{signature}")


def test_a_retired_key_is_refused(session: Session) -> None:
    token = forge(session)
    key = signing_key()
    key.retires_at, key.is_signing = clock.wall(), False
    key.save()

    assert refused(token)


def end_session(session: Session) -> None:
    Session.objects.filter(pk=session.pk).end("test")


def suspend(session: Session) -> None:
    User.objects.filter(pk=session.user_id).update(status=User.Status.SUSPENDED)


def delete(session: Session) -> None:
    User.objects.filter(pk=session.user_id).update(status=User.Status.DELETED)


def raise_version(session: Session) -> None:
    User.objects.filter(pk=session.user_id).update(security_version=2)


@pytest.mark.parametrize("change", [end_session, suspend, delete, raise_version])
def test_a_token_dies_with_its_sign_in_at_once(session: Session, change: Callable[[Session], None]) -> None:
    token = forge(session)
    assert access_tokens.verify(token).session == session

    change(session)

    assert refused(token)


def test_advancing_the_sandbox_signs_nobody_out(session: Session) -> None:
    token = forge(session)

    with clocks.at(clock.wall() + timedelta(days=60)):
        assert access_tokens.verify(token).session == session
