"""Outside is outside."""

import pytest
from django.db import transaction

from platform_core import transactions


def test_a_tests_own_transaction_does_not_count() -> None:
    transactions.outside()


def test_any_other_does() -> None:
    with transaction.atomic(), pytest.raises(transactions.InsideTransaction, match="default"):
        transactions.outside()


@pytest.mark.django_db(transaction=True)
def test_nor_is_there_one_without_a_test_case() -> None:
    transactions.outside()
    with transaction.atomic(), pytest.raises(transactions.InsideTransaction):
        transactions.outside()
