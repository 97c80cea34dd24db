"""Two people signing up with one address at the same moment."""

import pytest
from django.test import Client

from identity.models import User
from identity.portal import forms
from platform_core.models import Mail
from tests import make
from tests.make.identity import PASSWORD


def test_whoever_loses_the_race_gets_the_answer_of_a_latecomer(monkeypatch: pytest.MonkeyPatch) -> None:
    make.user("ada@example.test")
    # As the form sees it before the winner has committed.
    monkeypatch.setattr(forms.SignupForm, "validate_unique_email", lambda _, value: value)

    response = Client().post("/accounts/signup/", {"email": "ada@example.test", "password1": PASSWORD, "name": "Ada"})

    assert response.status_code == 302
    assert response["Location"] == "/accounts/confirm-email/"
    assert User.objects.count() == 1
    assert Mail.objects.get().template == "identity/address_taken"
