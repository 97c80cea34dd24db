"""The published keys: others verify our tokens with them, before and after a rotation."""

from datetime import timedelta

import jwt

from identity.models import SigningKey
from identity.services import signing_keys, tokens
from platform_core import clock
from tests import make
from tests.clients import ApiClient

PATH = "/.well-known/jwks.json"


def verified(token: str, keys: list[dict[str, str]]) -> str:
    """Whose token it is, as a program of somebody else's reads it."""
    kid = jwt.get_unverified_header(token)["kid"]
    key = jwt.PyJWK(next(each for each in keys if each["kid"] == kid))
    return str(jwt.decode(token, key, algorithms=["ES256"], audience="mainstay")["sub"])


def test_tokens_verify_by_the_published_keys(anonymous: ApiClient) -> None:
    user = make.user()
    token = tokens.issue(user, organization_id=None).access_token

    response = anonymous.get(PATH)

    assert response["Cache-Control"] == "public, max-age=300"
    (key,) = response.json()["keys"]
    assert {name: key[name] for name in ("kty", "crv", "use", "alg")} == {
        "kty": "EC",
        "crv": "P-256",
        "use": "sig",
        "alg": "ES256",
    }
    assert "d" not in key
    assert verified(token, [key]) == str(user.pk)


def test_the_key_before_stays_published_while_it_verifies(anonymous: ApiClient) -> None:
    user = make.user()
    before = tokens.issue(user, organization_id=None).access_token
    signing_keys.rotate(overlap=timedelta(hours=1))
    after = tokens.issue(user, organization_id=None).access_token

    keys = anonymous.get(PATH).json()["keys"]

    assert verified(before, keys) == verified(after, keys) == str(user.pk)
    assert jwt.get_unverified_header(after)["kid"] == keys[0]["kid"]
    SigningKey.objects.filter(is_signing=False).update(retires_at=clock.wall())
    assert anonymous.get(PATH).json()["keys"] == keys[:1]


def test_before_the_first_token_there_is_no_key(anonymous: ApiClient) -> None:
    assert anonymous.get(PATH).json() == {"keys": []}
