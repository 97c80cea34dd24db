"""What staff do at the same moment from many processes, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from billing.models import FoundingMember
from billing.services import founding
from identity import staff_roles
from identity.models import StaffInvitation, User
from identity.services import accounts, invitations, staff
from platform_core.errors import Conflict, NotFound
from tests import make
from tests.clients import ApiClient
from tests.make.identity import PASSWORD, owner
from tests.processes import race, shared_database

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _shared(tmp_path: Path) -> Iterator[None]:
    # Loads what a first request loads, once for all of the processes.
    ApiClient().get("/auth/me")
    with shared_database(tmp_path):
        yield


def test_of_all_owners_taken_away_at_once_the_last_one_stays() -> None:
    root, owners = make.user(is_staff=True, is_superuser=True), [owner() for _ in range(4)]

    def take_away(number: int) -> str:
        try:
            if number == 0:
                accounts.suspend(owners[number], by=root)
            elif number == 1:
                staff.deactivate(owners[number].pk, by=root)
            else:
                staff.change(owners[number].pk, by=root, role=staff_roles.ADMIN)
        except Conflict as error:
            return error.code
        return "gone"

    assert sorted(race(4, take_away)) == ["LAST_OWNER", "gone", "gone", "gone"]

    assert User.objects.filter(groups__name=staff_roles.OWNER, status=User.Status.ACTIVE).count() == 1


def test_an_invitation_makes_one_member() -> None:
    make.staff_invitation(email="nora@example.test")

    def accept(number: int) -> bool:
        try:
            invitations.accept("inv_token", PASSWORD, f"Nora {number}")
        except (NotFound, Conflict):
            return False
        return True

    assert sorted(race(8, accept)) == [False] * 7 + [True]

    assert User.objects.get(email="nora@example.test") == StaffInvitation.objects.get().accepted_by


def test_an_address_is_invited_once() -> None:
    boss = owner()

    def invite(_: int) -> bool:
        try:
            invitations.invite("nora@example.test", staff_roles.SUPPORT, by=boss)
        except Conflict:
            return False
        return True

    assert sorted(race(6, invite)) == [False] * 5 + [True]


def test_founding_numbers_are_given_once_and_without_gaps() -> None:
    boss = owner()
    people = [make.person(make.organization()) for _ in range(6)]
    organizations = [person.memberships.get().organization_id for person in people]

    race(6, lambda number: founding.grant(organizations[number], people[number], by=boss).number)

    assert sorted(FoundingMember.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]
