"""A person's name."""

from identity.models import AnalyticsEvent
from identity.services.profile import rename, update, update_own
from platform_core.models import AuditEvent
from tests import make


def test_only_what_changed_is_saved_and_told() -> None:
    kim = make.user(first_name="Kim", last_name="Old")

    rename(kim, first_name="Kim", last_name="New", by=kim)

    kim.refresh_from_db()
    assert kim.name == "Kim New"
    assert AuditEvent.objects.get().changes == {"last_name": "New"}


def test_the_same_name_is_no_change() -> None:
    kim = make.user(first_name="Kim", last_name="Old")

    rename(kim, first_name="Kim", last_name="Old", by=kim)

    assert not AuditEvent.objects.exists()


def test_staff_change_a_name_without_the_person_having_done_something() -> None:
    kim, root = make.user(), make.user(is_staff=True, is_superuser=True)

    update(kim, {"first_name": "Kim"}, by=root)

    assert kim.name == "Kim"
    assert not AnalyticsEvent.objects.exists()


def test_a_name_that_one_changes_oneself_is_told_of() -> None:
    kim = make.user()

    update_own(kim, {"last_name": "Lindqvist"})

    assert AnalyticsEvent.objects.get().name == "profile.updated"
