"""A request that takes no body is refused with one: whoever sent it meant something that would not happen."""

import pytest

from identity.models import ExchangeToken, PasskeyChallenge, TotpDevice, User
from tests import authenticators
from tests.authenticators import code
from tests.clients import PersonClient

KEPT = (ExchangeToken, PasskeyChallenge, TotpDevice)


@pytest.mark.parametrize(
    "path",
    [
        "/api/user/auth/exchange",
        "/api/v1/auth/2fa/setup",
        "/api/v1/auth/passkeys/options",
        "/api/v1/auth/passkeys/sign-in/options",
        "/auth/step-up/options",
    ],
)
def test_a_body_where_there_is_none_to_send(member: PersonClient, path: str) -> None:
    answer = member.post(path, {"purpose": "x"})

    assert answer.status_code == 400
    assert "Unknown field." in answer.content.decode()
    assert [each.objects.count() for each in KEPT] == [0, 0, 0]


def test_new_recovery_codes_take_no_body(member: PersonClient) -> None:
    secret = authenticators.app_of(member.user)
    member.post("/auth/step-up", {"purpose": "backup_codes.generate", "code": code(secret)})

    answer = member.post("/api/v1/auth/2fa/backup-codes", {"count": 3})

    assert answer.status_code == 400
    assert answer.json()["error"]["details"] == [{"field": "count", "message": "Unknown field."}]
    assert not User.objects.exclude(recovery_digests=[]).exists()
