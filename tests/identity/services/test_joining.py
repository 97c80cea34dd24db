"""Joining an organization as somebody new."""

import pytest

from identity.models import User
from identity.services import joining
from platform_core.errors import InvalidInput
from tests import make
from tests.make.identity import PASSWORD


def test_a_name_of_blanks_is_none() -> None:
    make.invitation(make.organization(), "join_nora", email="nora@example.test")

    with pytest.raises(InvalidInput) as caught:
        joining.sign_up("join_nora", "  ", PASSWORD)

    assert list(caught.value.details) == ["name"]
    assert not User.objects.filter(email="nora@example.test").exists()
