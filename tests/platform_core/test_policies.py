"""What PostgreSQL itself keeps apart, whatever SQL is asked: the managers are not in it."""

from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from orgs.models import CustomRole, Membership
from platform_core import policies, scoping, watchdog, worker
from platform_core.models import Job
from platform_core.scoping import Reached, Scoped
from tenants.models import Order, Server
from tests import make
from tests.clients import PersonClient

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(not settings.PLATFORM_RLS, reason="needs PLATFORM_RLS=1"),
]
SCOPED = [model for model in apps.get_models() if issubclass(model, (Scoped, Reached))]
REFUSED = "violates row-level security policy"


def asked(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall()) if cursor.description else []


def changed(sql: str, *values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def orders() -> set[UUID]:
    return {row[0] for row in asked("SELECT id FROM tenants_order")}


@pytest.fixture
def mine() -> Order:
    return make.server().order


@pytest.fixture
def theirs() -> Order:
    return make.server().order


def test_this_suite_runs_as_a_role_that_policies_bind() -> None:
    """Everything else here, and the whole suite with it, would say nothing."""
    assert not policies.answers(connection, policies.BYPASSES)


@pytest.mark.parametrize("model", SCOPED, ids=[model._meta.label for model in SCOPED])
def test_each_table_of_organizations_has_its_policy(model: Any) -> None:
    ((enabled, forced, checked),) = asked(
        "SELECT relrowsecurity, relforcerowsecurity, polwithcheck IS NOT NULL FROM pg_class c "
        "JOIN pg_policy p ON polrelid = c.oid AND polcmd = '*' WHERE relname = %s",
        model._meta.db_table,
    )

    assert (enabled, forced, checked) == (True, True, True)


@pytest.mark.parametrize("model", SCOPED, ids=[model._meta.label for model in SCOPED])
def test_without_a_scope_no_table_has_rows(model: Any) -> None:
    make.server()
    make.invoice()
    make.sealed_chain(make.organization())

    everything = f'SELECT count(*) FROM "{model._meta.db_table}"'  # noqa: S608
    for scope in (None, scoping.of_organizations([uuid4()])):
        with scoping.using(scope):
            assert asked(everything) == [(0,)]


def test_an_organization_reads_its_own_rows(mine: Order, theirs: Order) -> None:
    with scoping.organization(mine.organization_id):
        assert orders() == {mine.pk}
    with scoping.using(scoping.of_organizations([mine.organization_id, theirs.organization_id])):
        assert orders() == {mine.pk, theirs.pk}
    with scoping.using(scoping.of_organizations([])):
        assert orders() == set()
    for everybody in (scoping.staff(), scoping.system()):
        with everybody:
            assert orders() == {mine.pk, theirs.pk}


def test_rows_belong_to_an_organization_through_others(mine: Order, theirs: Order) -> None:
    with scoping.organization(mine.organization_id):
        assert asked("SELECT order_id FROM tenants_server") == [(mine.pk,)]
        assert asked("SELECT id FROM orgs_organization") == [(mine.organization_id,)]
        assert changed("UPDATE tenants_server SET ssh_port = 1") == 1
    with scoping.using(None):
        assert changed("UPDATE tenants_server SET ssh_port = 1") == 0


def test_rows_of_no_organization_are_the_platforms() -> None:
    make.job(organization_id=None)

    with scoping.organization(uuid4()):
        assert asked("SELECT id FROM platform_core_job") == []
    with scoping.system():
        assert len(asked("SELECT id FROM platform_core_job")) == 1


def test_anothers_rows_are_neither_changed_nor_deleted(mine: Order, theirs: Order) -> None:
    with scoping.organization(mine.organization_id):
        assert changed("UPDATE tenants_order SET domain = 'taken.example.test' WHERE id = %s", theirs.pk) == 0
        assert changed("DELETE FROM tenants_server WHERE order_id = %s", theirs.pk) == 0
        assert asked("SELECT id FROM tenants_order WHERE id = %s FOR UPDATE", theirs.pk) == []

    theirs.refresh_from_db()
    assert theirs.domain != "taken.example.test"
    assert Server.objects.filter(order=theirs).exists()


@pytest.mark.parametrize("has_scope", [False, True])
def test_nothing_is_written_for_another(mine: Order, theirs: Order, has_scope: bool) -> None:
    role = make.custom_role(mine.organization)
    inside = scoping.organization(mine.organization_id) if has_scope else scoping.using(None)

    with inside, pytest.raises(ProgrammingError, match=REFUSED), transaction.atomic():
        # Saving asks no manager of ours.
        CustomRole(organization_id=theirs.organization_id, key="spy", name="Spy").save(force_insert=True)
    moved = "UPDATE orgs_customrole SET organization_id = %s WHERE id = %s"
    mine_only = scoping.organization(mine.organization_id)
    with mine_only, pytest.raises(ProgrammingError, match=REFUSED), transaction.atomic():
        asked(moved, theirs.organization_id, role.pk)

    assert list(CustomRole.objects.values_list("organization_id")) == [(mine.organization_id,)]


def test_a_scope_ends_with_its_block_in_one_transaction(mine: Order) -> None:
    with scoping.using(None):
        with scoping.organization(mine.organization_id):
            assert orders() == {mine.pk}
        assert orders() == set()
        with suppress(LookupError), scoping.organization(mine.organization_id):
            assert orders() == {mine.pk}
            raise LookupError
        assert orders() == set()


def test_a_scope_is_what_it_is_after_a_rollback_to_a_savepoint(mine: Order, theirs: Order) -> None:
    with scoping.organization(mine.organization_id):
        with suppress(ProgrammingError), transaction.atomic(), scoping.organization(theirs.organization_id):
            assert orders() == {theirs.pk}
            asked("SELECT nothing_like_it")
        assert orders() == {mine.pk}
        with suppress(LookupError), transaction.atomic():
            with scoping.using(None):
                assert orders() == set()
            raise LookupError
        assert orders() == {mine.pk}


def test_memberships_are_read_before_there_is_a_scope_also_within_other_queries(mine: Order) -> None:
    person = make.person(mine.organization)

    with scoping.using(None):
        assert Membership.ALL.filter(user=person).count() == 1
        assert type(person).objects.filter(pk__in=Membership.ALL.values("user")).exists()
        assert asked("SELECT id FROM orgs_membership") == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_on_a_connection(mine: Order, theirs: Order) -> None:
    """Outside a transaction each statement is one, and what it was told ends with it."""
    told = "SELECT coalesce(current_setting('app.scope', true), '')"
    with scoping.using(None):
        with scoping.organization(mine.organization_id):
            assert orders() == {mine.pk}
            with suppress(ProgrammingError):
                asked("SELECT nothing_like_it")
        assert orders() == set()
        assert asked(told) == [("",)]
        with scoping.organization(theirs.organization_id), suppress(LookupError), transaction.atomic():
            assert orders() == {theirs.pk}
            raise LookupError
        assert orders() == set()
        assert asked(told) == [("",)]


@pytest.mark.django_db(transaction=True)
def test_two_requests_on_one_connection(owner: PersonClient, outsider: PersonClient) -> None:
    both = [client.organization for client in (owner, outsider)]
    with scoping.using(None):
        held = connection.connection
        for client in (owner, outsider, owner):
            answer = client.get("/api/v1/organizations").content.decode()
            assert [str(each.pk) in answer for each in both] == [each == client.organization for each in both]
            assert asked("SELECT id FROM orgs_organization") == []
        assert connection.connection is held


@pytest.mark.django_db(transaction=True)
def test_a_worker_and_a_command_see_every_organization_and_leave_nothing(mine: Order, capsys: Any) -> None:
    job = make.job(organization_id=mine.organization_id)
    make.sealed_chain(mine.organization)
    with scoping.using(None):
        worker.round("worker")
        call_command("audit", "verify")
        assert asked("SELECT id FROM platform_core_job") == []

    assert Job.objects.get(pk=job.pk).attempt == 1
    assert str(mine.organization_id) in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_a_lease_is_renewed_from_a_thread_of_its_own(mine: Order) -> None:
    job = make.job(organization_id=mine.organization_id)
    before = job.lease_until
    with scoping.organization(mine.organization_id), watchdog.keep(job, timeout=5, seconds=0.2):
        while Job.objects.get(pk=job.pk).lease_until == before:
            pass


def installed() -> None:
    policies.install(apps.get_app_config("platform_core"), "default")


def test_once_in_place_there_is_nothing_to_do() -> None:
    assert policies.statements(connection) == []


@pytest.mark.parametrize(
    "broken",
    [
        "DROP POLICY scope ON tenants_order",
        "ALTER TABLE tenants_order NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE tenants_order DISABLE ROW LEVEL SECURITY",
        "COMMENT ON POLICY scope ON tenants_order IS 'Mainstay of another version'",
    ],
)
def test_a_migration_puts_back_what_is_missing_or_different(broken: str) -> None:
    asked(broken)
    assert len(policies.statements(connection)) == 4

    installed()

    assert policies.statements(connection) == []


def test_a_migration_without_the_setting_takes_them_away(settings: Any, mine: Order) -> None:
    settings.PLATFORM_RLS = False
    # A table is not altered while rows of it wait to be checked.
    connection.check_constraints()

    installed()

    with scoping.using(None):
        assert orders() == {mine.pk}
    assert asked("SELECT count(*) FROM pg_policy") == [(0,)]
    assert asked("SELECT count(*) FROM pg_class WHERE relrowsecurity OR relforcerowsecurity") == [(0,)]
