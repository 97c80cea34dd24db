"""How rows of sign-ins introduce themselves."""

from identity.models import PasswordLink, Session, Setup
from identity.services import operators, passwords, tokens
from identity.services.signing_keys import signing_key
from tests import make
from tests.make.identity import PASSWORD


def test_they_name_who_and_when_but_no_secret() -> None:
    user = make.user()
    issued = tokens.issue(user, organization_id=None)
    passwords.send_link(user)
    operators.create_operator("boss@example.test", PASSWORD, "Boss")

    assert str(Session.objects.get()).startswith(f"{user.pk} since ")
    assert str(PasswordLink.objects.get()).startswith(f"{user.pk} until ")
    assert str(Setup.objects.get()).startswith("completed at ")
    assert str(signing_key()) == str(signing_key().pk)
    assert issued.refresh_token not in str(issued.session)
