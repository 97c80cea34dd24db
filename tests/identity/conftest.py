"""What tests of people share."""

import pytest

from identity.services import totp


@pytest.fixture(autouse=True)
def _one_half_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test straddles two time steps of authenticator apps."""
    step = totp.step_now()
    monkeypatch.setattr(totp, "step_now", lambda: step)
