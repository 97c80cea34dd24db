"""Domains as time goes by, and who joins by them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from identity.models import User
from identity.services import addresses
from orgs.models import Domain, Membership, Organization
from orgs.services import domains
from platform_core.dns import Outcome
from platform_core.errors import Conflict, NotFound
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.clocks import at
from tests.name_server import Zone
from tests.orgs.names import proof, saying

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def held(organization: Organization) -> Domain:
    """Verified on Monday."""
    make.person(organization, email="owner@harbour.test")
    with at(MONDAY):
        return make.domain(organization, "harbour.example", state="verified", join_role="member")


def due_on(held: Domain) -> datetime:
    assert held.next_check_at is not None
    return held.next_check_at.replace(minute=0, second=0, microsecond=0)


def looked_at(held: Domain, moment: datetime, said: list[str] | Outcome | None = None) -> dict[str, int]:
    texts: Zone = {held.record_name: said} if said is not None else proof(held)
    # A minute later each day: what is due a day after is due then.
    with at(moment + (moment - MONDAY) / DAY * timedelta(minutes=1)), saying(texts):
        found = domains.recheck()
    held.refresh_from_db()
    return found


def test_a_proof_is_looked_at_once_a_week(held: Domain) -> None:
    assert looked_at(held, MONDAY + 6 * DAY) == {"checked": 0, "lost": 0}
    assert looked_at(held, MONDAY + 7 * DAY) == {"checked": 1, "lost": 0}
    assert (held.state, due_on(held)) == ("verified", MONDAY + 14 * DAY)
    assert looked_at(held, MONDAY + 8 * DAY) == {"checked": 0, "lost": 0}


def test_the_third_day_without_it_loses_the_domain(held: Domain) -> None:
    for day in (7, 8):
        assert looked_at(held, MONDAY + day * DAY, Outcome.NXDOMAIN) == {"checked": 1, "lost": 0}
        assert held.state == "verified"
    assert not Mail.objects.exists()

    assert looked_at(held, MONDAY + 9 * DAY, ["something else"]) == {"checked": 1, "lost": 1}

    assert (held.state, held.verified_at, held.next_check_at) == ("lost", None, None)
    assert AuditEvent.objects.filter(action="domain.lose", organization_id=held.organization_id).count() == 1
    mail = Mail.objects.get()
    assert mail.to == "owner@harbour.test"
    assert held.record_value in mail.text
    # Nothing more is asked for it, and nothing more is said.
    assert looked_at(held, MONDAY + 30 * DAY, Outcome.NXDOMAIN) == {"checked": 0, "lost": 0}


def test_a_proof_that_comes_back_is_as_if_it_had_never_gone(held: Domain) -> None:
    looked_at(held, MONDAY + 7 * DAY, Outcome.NXDOMAIN)
    looked_at(held, MONDAY + 8 * DAY, Outcome.NODATA)

    looked_at(held, MONDAY + 9 * DAY)

    assert (held.state, held.failures, due_on(held)) == ("verified", 0, MONDAY + 16 * DAY)


def test_servers_that_do_not_answer_take_nothing_away(held: Domain) -> None:
    for day in range(7, 20):
        assert looked_at(held, MONDAY + day * DAY, Outcome.SERVFAIL) == {"checked": 1, "lost": 0}
    assert (held.state, held.failures) == ("verified", 0)


def confirmed(email: str, **fields: Any) -> User:
    """Somebody who has just shown that they read this address."""
    user = make.user(email=email, confirmed=False, **fields)
    addresses.confirm_own(user)
    return user


def places(user: User) -> list[tuple[str, str, str]]:
    mine = Membership.ALL.filter(user=user)
    return [(str(each.organization), each.role, each.managed_by) for each in mine.select_related("organization")]


def test_whoever_confirms_an_address_of_it_joins(held: Domain) -> None:
    pages = make.product("pages", role_options=["admin", "viewer"])
    held.organization.default_product_roles = {"pages": "viewer"}
    held.organization.save()

    user = confirmed("nora@harbour.example")

    assert places(user) == [("Harbour Bakery", "member", "domain")]
    member = Membership.ALL.get(user=user)
    assert list(member.grants.values_list("product", "role", "source")) == [(pages.pk, "viewer", "default")]
    event = AuditEvent.objects.get(action="membership.join_by_domain")
    assert (event.actor_id, event.changes["domain"]) == (str(user.pk), "harbour.example")
    assert Mail.objects.get(to="nora@harbour.example").subject == "You belong to Harbour Bakery now"


@pytest.mark.parametrize(
    "email", ["nora@mail.harbour.example", "nora@harbour.example.evil.example", "nora@harbourexample", "nora@example"]
)
def test_an_address_beside_it_does_not(held: Domain, email: str) -> None:
    assert places(confirmed(email)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"join_role": ""},
        {"state": "pending", "verified_at": None},
        {"state": "lost", "verified_at": None},
    ],
)
def test_nobody_joins_by_a_domain_that_does_not_say_so(held: Domain, changes: dict[str, object]) -> None:
    Domain.objects.filter(pk=held.pk).update(**changes)
    assert places(confirmed("nora@harbour.example")) == []


def test_staff_do_not_join(held: Domain) -> None:
    assert places(confirmed("nora@harbour.example", is_staff=True)) == []


def test_a_member_stays_what_they_are(held: Domain) -> None:
    user = make.user(email="nora@harbour.example", confirmed=False)
    make.membership(held.organization, user, status="suspended")
    addresses.confirm_own(user)
    assert places(user) == [("Harbour Bakery", "member", "manual")]
    assert Membership.ALL.get(user=user).status == "suspended"


def test_a_seat_is_needed(held: Domain) -> None:
    held.organization.seat_limit = 1
    held.organization.save()

    user = confirmed("nora@harbour.example")

    assert addresses.is_confirmed(user)
    assert places(user) == []
    assert AuditEvent.objects.get(action="domain.refuse_join").changes == {"user": str(user.pk)}


def test_nobody_joins_an_organization_that_is_not_active(held: Domain) -> None:
    held.organization.status = Organization.Status.SUSPENDED
    held.organization.save()
    assert places(confirmed("nora@harbour.example")) == []


def test_an_international_address_joins_by_its_ascii_form(organization: Organization) -> None:
    make.domain(organization, "xn--bcher-kva.example", state="verified", join_role="auditor")
    assert places(confirmed("nora@bücher.example")) == [("Harbour Bakery", "auditor", "domain")]


def test_an_address_that_dns_cannot_carry_joins_nothing(held: Domain) -> None:
    assert places(confirmed(f"nora@{'ü' * 64}.example")) == []


def test_what_was_given_up_meanwhile_is_not_there(held: Domain) -> None:
    owner = held.organization.memberships.get().user
    stale = Domain.objects.get(pk=held.pk)
    domains.remove(held, by=owner)

    for call in (lambda: domains.update(stale, join_role="", by=owner), lambda: domains.remove(stale, by=owner)):
        with pytest.raises(NotFound):
            call()


def test_whoever_proves_it_a_moment_later_does_not_hold_it(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = make.person(organization)
    ours = make.domain(organization, "harbour.example")
    # Another organization takes it between the look at its holder and the write.
    monkeypatch.setattr(
        domains, "_ask_the_holder", lambda _: make.domain(make.organization(), "harbour.example", state="verified")
    )

    with saying(proof(ours)), pytest.raises(Conflict, match="verified by another organization"):
        domains.verify(ours, by=owner)

    ours.refresh_from_db()
    assert ours.state == "pending"


def test_a_check_that_is_overtaken_takes_nothing_away(held: Domain) -> None:
    stale = Domain.objects.get(pk=held.pk)
    looked_at(held, MONDAY + 7 * DAY)

    assert domains._lose(stale) is False
    held.refresh_from_db()
    assert held.state == "verified"
