"""One statement changes rows and says what they hold now."""

from datetime import UTC, datetime

import pytest
from django.db.models import Exists, F, OuterRef, Subquery

from identity.models import TotpDevice, User
from platform_core import returning
from tests import authenticators, make

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


def test_what_is_annotated_is_told_with_the_change() -> None:
    person, other = make.user(), make.user("other@example.test")
    authenticators.app_of(other)
    apps = TotpDevice.objects.filter(user=OuterRef("pk"))
    others = User.objects.exclude(pk=OuterRef("pk")).order_by("pk")

    found = returning.update(
        User.objects.annotate(app=Exists(apps), secret=Subquery(apps.values("secret")), other=others.values("id")[:1]),
        "id", "app", "secret", "other",
        wrong_codes=1,
    )  # fmt: skip

    secret = TotpDevice.objects.get().secret
    assert sorted(found) == sorted([(person.pk, False, None, other.pk), (other.pk, True, secret, person.pk)])


def test_what_is_deleted_is_told_too() -> None:
    person, other = make.user(), make.user()
    authenticators.app_of(person)
    authenticators.app_of(other)
    more = TotpDevice.objects.exclude(pk=OuterRef("pk"))

    found = returning.delete(TotpDevice.objects.filter(user=person).annotate(more=Exists(more)), "user", "more")

    assert found == [(person.pk, True)]
    assert TotpDevice.objects.get().user == other
    assert returning.delete(TotpDevice.objects.filter(user=person), "user") == []
