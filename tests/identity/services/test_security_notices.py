"""Telling people that how they sign in has changed."""

import pytest

from identity.services import security_notices
from platform_core.models import Mail
from tests import make

CHANGED = "How you sign in to Mainstay has changed"
SAID = {
    "app_added": (CHANGED, "an authenticator app now protects your account"),
    "app_removed": (CHANGED, "the authenticator app was removed"),
    "passkey_added": (CHANGED, "the passkey “Laptop” was added"),
    "passkey_removed": (CHANGED, "the passkey “Laptop” was removed"),
    "disabled": (CHANGED, "two-factor authentication was turned off"),
    "reset_by_staff": (CHANGED, "The reason they gave: “Lost phone”"),
    "backup_code_used": ("A recovery code was used", "1 is left"),
    "codes_guessed": ("Somebody is guessing your codes", "ten codes in a row were wrong"),
    "passkey_copied": ("A passkey of yours may have been copied", "its counter went backwards"),
}


@pytest.mark.parametrize("event", SAID)
def test_each_event_has_its_sentence(event: str) -> None:
    user = make.user("ada@example.test")

    security_notices.tell(user, event, passkey="Laptop", left=1, reason="Lost phone")

    mail = Mail.objects.get()
    subject, sentence = SAID[event]
    assert (mail.to, mail.subject) == ("ada@example.test", subject)
    assert sentence in mail.text
    assert sentence in mail.html
    assert "http://127.0.0.1:8000/security" in mail.text
