"""What many processes do in one organization at the same moment, on both databases."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from identity.models import User
from identity.services import erasure
from orgs.models import Invitation, Membership, Organization
from orgs.roles import Role
from orgs.services import invitations, members, ownership, product_roles
from orgs.services.invitations import Wanted
from platform_core.errors import DomainError
from platform_core.models import AuditEvent
from tests import make
from tests.clients import ApiClient
from tests.processes import race, shared_database
from tests.sign_ins import enter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _shared(tmp_path: Path) -> Iterator[None]:
    # Loads what a first request loads, once for all of the processes.
    ApiClient().get("/auth/me")
    with shared_database(tmp_path):
        yield


@pytest.fixture
def harbour() -> Organization:
    return make.organization("Harbour")


def owners(organization: Organization, count: int) -> list[Membership]:
    return [make.membership(organization, role=Role.OWNER) for _ in range(count)]


def outcome(work: Callable[[], object]) -> str:
    """ "done", or the code of the refusal."""
    try:
        work()
    except DomainError as error:
        return error.code
    return "done"


def owner_count() -> int:
    return Membership.ALL.filter(role=Role.OWNER).count()


def test_of_two_owners_who_demote_each_other_exactly_one_succeeds(harbour: Organization) -> None:
    first, second = owners(harbour, 2)
    clients = [ApiClient(), ApiClient()]
    for client, place in zip(clients, (first, second), strict=True):
        enter(client, place.user)

    def demote(number: int) -> int:
        target = (second, first)[number]
        path = f"/api/v1/organizations/{harbour.pk}/members/{target.pk}"
        status: int = clients[number].patch(path, {"role": "member"}).status_code
        return status

    outcomes = sorted(race(2, demote))

    assert outcomes[0] == 200
    assert outcomes[1] in {403, 409}
    assert owner_count() == 1
    assert AuditEvent.objects.filter(action="membership.update_role").count() == 1


@pytest.mark.parametrize("path", ["leave", "demote", "erase", "suspend"])
def test_of_many_owners_one_stays_whatever_the_path(harbour: Organization, path: str) -> None:
    places = owners(harbour, 4)
    staff = make.user(is_staff=True, is_superuser=True)

    def go(number: int) -> str:
        place = places[number]
        ways: dict[str, Callable[[], object]] = {
            "leave": lambda: members.leave(harbour, by=place.user),
            "demote": lambda: members.update(place, role="admin", by=place.user),
            "erase": lambda: erasure.erase(place.user, by=place.user),
            "suspend": lambda: members.update(place, status="suspended", by=staff),
        }
        return outcome(ways[path])

    assert sorted(race(4, go)) == ["LAST_OWNER", "done", "done", "done"]
    active = Membership.ALL.filter(role=Role.OWNER, status="active", user__status=User.Status.ACTIVE)
    assert active.count() == 1


def test_one_link_is_used_once(harbour: Organization) -> None:
    make.invitation(harbour, "join_nora", email="nora@example.test")
    nora = make.user("nora@example.test")

    outcomes = race(4, lambda _: outcome(lambda: invitations.accept("join_nora", nora)))

    assert sorted(outcomes) == ["NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "done"]
    assert Membership.ALL.filter(user=nora).count() == 1
    assert AuditEvent.objects.filter(action="invitation.accept").count() == 1


def test_the_last_seat_is_taken_once(harbour: Organization) -> None:
    owner = owners(harbour, 1)[0].user
    Organization.objects.filter(pk=harbour.pk).update(seat_limit=2)

    outcomes = race(
        4, lambda number: outcome(lambda: invitations.add(harbour, Wanted(f"p{number}@example.test"), by=owner))
    )

    assert sorted(outcomes) == ["SEAT_LIMIT", "SEAT_LIMIT", "SEAT_LIMIT", "done"]
    assert Invitation.objects.count() == 1


def test_one_address_is_invited_once(harbour: Organization) -> None:
    owner = owners(harbour, 1)[0].user

    outcomes = race(4, lambda _: outcome(lambda: invitations.add(harbour, Wanted("nora@example.test"), by=owner)))

    assert sorted(outcomes) == ["CONFLICT", "CONFLICT", "CONFLICT", "done"]
    assert Invitation.objects.count() == 1


def test_an_organization_is_handed_over_once(harbour: Organization) -> None:
    owner = owners(harbour, 1)[0]
    heirs = [make.membership(harbour) for _ in range(4)]

    outcomes = race(4, lambda number: outcome(lambda: members.transfer(harbour, heirs[number].pk, by=owner.user)))

    assert sorted(outcomes) == ["CONFLICT", "CONFLICT", "CONFLICT", "done"]
    assert owner_count() == 1


def test_product_roles_set_at_once_are_one_of_those_that_were_set(harbour: Organization) -> None:
    owner = owners(harbour, 1)[0].user
    place = make.membership(harbour)
    make.product("pages", role_options=["admin", "editor", "viewer"])
    given = ["admin", "editor", "viewer"]

    race(3, lambda number: bool(product_roles.set_for(place, {"pages": given[number]}, by=owner)))

    assert place.grants.get().role in given
    assert ownership.owned_alone(owner) == [harbour]
