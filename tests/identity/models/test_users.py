"""People."""

import pytest
from django.db import IntegrityError, transaction

from identity.models import User, split_name
from platform_core import clock
from tests import make


def test_addresses_are_kept_in_one_form_and_found_in_any() -> None:
    user = User.objects.create_user("  Ada@Example.TEST ", "secret")

    assert user.email == "ada@example.test"
    assert User.objects.get_by_natural_key("ADA@example.test") == user


def test_the_database_refuses_two_forms_of_one_address() -> None:
    make.user("ada@example.test")

    for address in ("ada@example.test", "Ada@example.test"):
        with pytest.raises(IntegrityError), transaction.atomic():
            User(email=address).save()


def test_a_superuser_is_staff() -> None:
    user = User.objects.create_superuser("boss@example.test", "secret")

    assert user.is_staff
    assert user.is_superuser


def test_people_see_no_address_in_the_place_of_somebody_who_was_erased() -> None:
    user = make.user("ada@example.test", first_name="", last_name="")
    assert user.name == "ada@example.test"

    user.erased_at = clock.now()

    assert user.name == "Deleted person"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Ada Lovelace", ("Ada", "Lovelace")),
        (" Ada  King  Lovelace ", ("Ada", "King Lovelace")),
        ("Ada", ("Ada", "")),
        ("", ("", "")),
    ],
)
def test_a_name_is_split_at_its_first_space(given: str, expected: tuple[str, str]) -> None:
    assert split_name(given) == expected


def test_without_a_name_people_are_called_by_their_address() -> None:
    assert make.user("ada@example.test").name == "ada@example.test"
    assert User(first_name="Ada", last_name="Lovelace").name == "Ada Lovelace"


def test_only_active_people_are_active() -> None:
    assert [User(status=status).is_active for status in User.Status] == [True, False, False]
