"""Rows as the console names them."""

from identity.models import MailedCode
from identity.services import codes
from tests import make


def test_each_row_names_itself() -> None:
    kim = make.user("kim@example.test")
    event = make.analytics_event(kim)
    codes.new(kim, MailedCode.Purpose.SIGN_IN, kim.email)

    assert str(event).startswith("session.started 20")
    assert str(kim.activities.get()).startswith(f"{kim.pk} on 20")
    assert str(make.data_export(kim)).startswith(f"{kim.pk} of 20")
    assert str(MailedCode.objects.get()).startswith(f"sign_in for {kim.pk} until 20")
