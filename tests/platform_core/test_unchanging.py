"""The database refuses to change what is written once."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from billing.models import PlanVersion, Price
from platform_core import unchanging
from tests import make

VERSIONS, PRICES = (model._meta.db_table for model in (PlanVersion, Price))


def refused(action: Any) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        action()


def test_a_row_that_is_written_once_neither_changes_nor_goes() -> None:
    version = PlanVersion.objects.filter(pk=make.plan(token_allotment=5).current.pk)

    refused(lambda: version.update(token_allotment=6))
    refused(lambda: version.update(features=["More"]))
    refused(lambda: version._raw_delete(version.db))

    assert version.get().token_allotment == 5


def test_only_what_may_change_does() -> None:
    price = Price.objects.filter(pk=make.plan().prices.get().pk)

    refused(lambda: price.update(amount_minor=1))
    refused(lambda: price.update(is_active=False, currency="eur"))
    price.update(is_active=False, provider_price_id="price_2")

    assert price.values_list("is_active", "provider_price_id", "amount_minor", "currency").get() == (
        False,
        "price_2",
        2_900,
        "usd",
    )


def test_where_rows_may_go_they_do() -> None:
    make.plan().prices.get().delete()

    assert not Price.objects.exists()


@pytest.mark.postgres
def test_the_table_is_not_emptied_either() -> None:
    make.plan()

    def empty() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"TRUNCATE {VERSIONS} CASCADE")

    refused(empty)

    assert PlanVersion.objects.exists()


def test_the_guard_is_put_in_place_again_and_again_and_taken_away() -> None:
    version = make.plan(token_allotment=5).current
    with connection.cursor() as cursor:
        for statement in unchanging.statements(connection, [VERSIONS, PRICES, "unknown"]):
            cursor.execute(statement)
    refused(lambda: PlanVersion.objects.update(token_allotment=6))

    with connection.cursor() as cursor:
        for statement in unchanging.removal(connection, [VERSIONS]):
            cursor.execute(statement)
    PlanVersion.objects.update(token_allotment=6)

    version.refresh_from_db()
    assert version.token_allotment == 6
