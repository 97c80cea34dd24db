"""Each statement takes its scope with it, in one message."""

from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg import sql
from psycopg.errors import NotSupportedError

from platform_core import scoping
from platform_core.postgresql import base
from tenants.models import Order
from tests import make

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(not settings.PLATFORM_RLS, reason="needs PLATFORM_RLS=1"),
]
COUNTED = "SELECT count(*) FROM tenants_order WHERE domain <> %s"


@pytest.fixture
def mine() -> Order:
    make.order()
    return make.order()


def test_a_statement_is_one_statement_and_its_own_result_is_told(mine: Order) -> None:
    with (
        scoping.organization(mine.organization_id),
        CaptureQueriesContext(
            connection,
        ) as asked,
        connection.cursor() as cursor,
    ):
        cursor.execute(COUNTED, [""])
        assert cursor.description[0].name == "count"
        assert cursor.fetchall() == [(1,)]
        cursor.execute("UPDATE tenants_order SET domain = %s", ["100%.example.test"])
        assert cursor.rowcount == 1

    told = base.telling(f"{{{mine.organization_id}}}")
    assert [each["sql"].removeprefix(told) for each in asked] == [
        "SELECT count(*) FROM tenants_order WHERE domain <> ''",
        "UPDATE tenants_order SET domain = '100%.example.test'",
    ]


def test_composed_statements_too(mine: Order) -> None:
    composed = sql.SQL("SELECT id FROM {}").format(sql.Identifier("tenants_order"))

    with scoping.organization(mine.organization_id), connection.cursor() as cursor:
        cursor.execute(composed)
        assert cursor.fetchall() == [(mine.pk,)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("in_transaction", [True, False])
def test_one_statement_with_many_values(mine: Order, in_transaction: bool) -> None:
    with scoping.organization(mine.organization_id), connection.cursor() as cursor:
        many = "UPDATE tenants_order SET domain = %s || id"
        if in_transaction:
            with transaction.atomic():
                cursor.executemany(many, [["a."], ["b."]])
        else:
            cursor.executemany(many, [["a."], ["b."]])

    assert [order.domain.startswith("b.") for order in Order.objects.order_by("created_at")] == [False, True]


def test_rows_are_copied_out_within_the_scope_and_none_in(mine: Order) -> None:
    into = "COPY tenants_order (id) FROM STDIN"
    with scoping.organization(mine.organization_id), connection.cursor() as cursor:
        with cursor.copy("COPY tenants_order (id) TO STDOUT") as copied:
            assert bytes(b"".join(copied)).decode() == f"{mine.pk}\n"
        with pytest.raises(NotSupportedError), transaction.atomic(), cursor.copy(into) as taken:
            taken.write_row([mine.pk])


def test_rows_are_streamed_within_the_scope(mine: Order) -> None:
    with scoping.organization(mine.organization_id), connection.cursor() as cursor:
        assert list(cursor.stream("SELECT id FROM tenants_order")) == [(mine.pk,)]


def test_long_lists_are_read_within_the_scope_they_were_asked_in(mine: Order) -> None:
    with scoping.organization(mine.organization_id):
        found = Order.objects.iterator()
        first = next(found)
        with scoping.using(None):
            assert [first, *found] == [mine]


@pytest.mark.django_db(transaction=True)
def test_what_postgresql_runs_alone_is_sent_alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX CONCURRENTLY alone ON tenants_order (domain)")
        cursor.execute("DROP INDEX CONCURRENTLY alone")
        cursor.execute("VACUUM tenants_order")


def test_a_binding_that_could_not_carry_a_scope_is_refused() -> None:
    given: Any = {**connection.settings_dict, "OPTIONS": {"server_side_binding": True}}

    with pytest.raises(ImproperlyConfigured, match="client-side"):
        base.DatabaseWrapper(given).get_connection_params()
