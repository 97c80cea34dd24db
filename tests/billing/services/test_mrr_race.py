"""Several subscriptions of one customer that change at the same moment, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction

from billing.models import MrrMovement, Subscription
from billing.services import mrr
from tests import make
from tests.processes import race, shared_database

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 8


@pytest.fixture(autouse=True)
def _shared(tmp_path: Path) -> Iterator[None]:
    with shared_database(tmp_path):
        yield


def test_a_customer_comes_once_and_leaves_once() -> None:
    organization, plan = make.organization(), make.plan()
    rows = [make.subscription(organization, plan, status="trialing") for _ in range(COUNT)]

    def become(number: int, status: str) -> int:
        with transaction.atomic():
            row = Subscription.objects.select_for_update(of=("self",)).select_related("price").get(pk=rows[number].pk)
            row.status = status
            row.save()
            return len(mrr.record(row))

    assert race(COUNT, lambda number: become(number, "active")) == [1] * COUNT
    assert race(COUNT, lambda number: become(number, "canceled")) == [1] * COUNT

    kinds = list(MrrMovement.objects.values_list("kind", flat=True))
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "new": 1,
        "expansion": COUNT - 1,
        "contraction": COUNT - 1,
        "churn": 1,
    }
    assert list(mrr.disagreements()) == []
