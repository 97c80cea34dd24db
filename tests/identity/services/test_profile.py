"""A person's name."""

from typing import Any

import pytest

from identity.models import AnalyticsEvent, User
from identity.services.profile import rename, update, update_own
from platform_core.errors import NotFound, StepUpRequired
from platform_core.models import AuditEvent
from tests import make
from tests.sign_ins import make_session, step_up


def test_only_what_changed_is_saved_and_told() -> None:
    kim = make.user(first_name="Kim", last_name="Old")

    rename(kim, first_name="Kim", last_name="New", by=kim)

    kim.refresh_from_db()
    assert kim.name == "Kim New"
    assert AuditEvent.objects.get().changes == {"last_name": "New"}


@pytest.mark.parametrize("change", [{"first_name": "New"}, {"is_employee": True}], ids=str)
def test_whoever_was_erased_a_moment_ago_stays_so(change: dict[str, Any]) -> None:
    kim = make.user(first_name="Kim", last_name="Old")
    User.objects.filter(pk=kim.pk).update(status=User.Status.DELETED, first_name="", last_name="")

    with pytest.raises(NotFound):
        update(kim, change, by=make.user(is_superuser=True))

    kim.refresh_from_db()
    assert (kim.first_name, kim.is_employee) == ("", False)
    assert not AuditEvent.objects.exists()


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

    update_own(kim, {"last_name": "Lindqvist"}, session=make_session(kim))

    assert AnalyticsEvent.objects.get().name == "profile.updated"


def test_another_address_takes_a_proof_and_without_it_nothing_is_changed() -> None:
    kim = make.user(first_name="Kim")
    session = make_session(kim)

    with pytest.raises(StepUpRequired):
        update_own(kim, {"first_name": "Ada", "email": "new@example.test"}, session=session)

    assert User.objects.get().first_name == "Kim"
    step_up(kim, "account.address")
    waiting = update_own(kim, {"email": "new@example.test"}, session=session)
    assert waiting is not None
    assert waiting.email == "new@example.test"
