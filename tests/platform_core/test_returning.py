"""One statement changes rows and says what they hold now."""

from datetime import UTC, datetime

import pytest
from django.db.models import F

from identity.models import User
from platform_core import returning
from tests import make

PROMOTED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_it_gives_the_columns_as_they_are_now_in_their_own_types() -> None:
    person, other = make.user(), make.user()

    found = returning.update(
        User.objects.filter(pk=person.pk),
        "id", "security_version", "last_login",
        security_version=F("security_version") + 1, last_login=PROMOTED,
    )  # fmt: skip

    assert found == [(person.pk, 2, PROMOTED)]
    other.refresh_from_db()
    assert (other.security_version, other.last_login) == (1, None)


@pytest.mark.parametrize("wanted", [1, 2])
def test_it_gives_nothing_where_no_row_fits(wanted: int) -> None:
    person = make.user()

    found = returning.update(
        User.objects.filter(pk=person.pk, security_version=wanted), "security_version", security_version=9
    )

    assert found == ([(9,)] if wanted == 1 else [])
