"""Whose rows may be seen."""

import threading
from uuid import UUID, uuid4

import pytest

from orgs.models import Membership, Organization
from platform_core import scoping
from platform_core.scoping import ScopeMissing
from tenants.models import Order, Server
from tests import make


def test_without_a_scope_there_is_no_answer() -> None:
    with scoping.using(None):
        with pytest.raises(ScopeMissing, match=r"scoping\.organizations|scoping\.system"):
            Order.objects.all()
        with pytest.raises(ScopeMissing):
            Order.objects.create()
        with pytest.raises(ScopeMissing):
            scoping.current()


def test_a_related_manager_asks_for_a_scope_too() -> None:
    organization = make.organization()

    with scoping.using(None), pytest.raises(ScopeMissing):
        organization.orders.all()


def test_an_organization_sees_its_own_rows_by_whatever_path() -> None:
    mine, theirs = make.server(), make.server()

    with scoping.organization(mine.order.organization_id):
        assert [order.pk for order in Order.objects.all()] == [mine.order_id]
        assert [server.pk for server in Server.objects.all()] == [mine.pk]
        assert [organization.pk for organization in Organization.objects.all()] == [mine.order.organization_id]
        assert not Server.objects.filter(pk=theirs.pk).exists()
        assert Server.objects.filter(pk=theirs.pk).update(ssh_port=1) == 0
        assert Server.objects.filter(pk=theirs.pk).delete() == (0, {})


def test_several_organizations_are_one_scope() -> None:
    first, second, _ = make.order(), make.order(), make.order()

    with scoping.using(scoping.of_organizations([first.organization_id, second.organization_id])):
        assert set(Order.objects.all()) == {first, second}


def test_no_organization_is_no_row() -> None:
    make.order()

    with scoping.using(scoping.of_organizations([])):
        assert not Order.objects.exists()
    with scoping.organization(uuid4()):
        assert not Order.objects.exists()


def test_staff_and_the_system_see_every_organization() -> None:
    make.order()
    make.order()

    with scoping.staff():
        assert Order.objects.count() == 2
        assert scoping.current() is scoping.STAFF
    with scoping.system():
        assert Order.objects.count() == 2
        assert scoping.current() is scoping.SYSTEM


def test_scopes_nest_and_end_even_when_the_block_fails() -> None:
    kinds: list[str] = []

    def fail() -> None:
        with scoping.organization(uuid4()):
            kinds.append(scoping.current().kind)
            raise LookupError

    with scoping.system():
        with pytest.raises(LookupError):
            fail()
        assert scoping.current() is scoping.SYSTEM
    assert kinds == ["organization"]


def test_a_token_restores_what_was_before() -> None:
    token = scoping.enter(scoping.STAFF)
    scoping.leave(token)

    assert scoping.current() is scoping.SYSTEM


def test_a_new_thread_begins_without_a_scope() -> None:
    raised: list[type[Exception]] = []

    def work() -> None:
        try:
            scoping.current()
        except ScopeMissing as error:
            raised.append(type(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert raised == [ScopeMissing]


def test_ones_own_memberships_are_read_before_there_is_a_scope() -> None:
    membership = make.membership(make.organization())

    with scoping.using(None):
        assert list(Membership.ALL.filter(user=membership.user)) == [membership]


def test_a_callers_organizations_are_looked_up_with_the_first_row_and_once() -> None:
    mine = make.order()
    make.order()
    asked = []

    def find() -> list[UUID]:
        asked.append(1)
        return [mine.organization_id]

    scope = scoping.FoundWhenAsked(find)
    with scoping.using(scope):
        assert scope.kind == "organization"
        assert asked == []
        assert [order.pk for order in Order.objects.all()] == [mine.pk]
        assert Order.objects.count() == 1

    assert asked == [1]
