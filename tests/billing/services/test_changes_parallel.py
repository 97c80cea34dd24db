"""Two upgrades at once: one is made, the other is told that."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from billing.models import SubscriptionChange
from billing.services import changes
from billing.services.proposals import Asked
from platform_core.errors import Conflict
from tests.billing.changing import charged, customer, present, proposed
from tests.billing.services.test_cycle_parallel import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))]


@pytest.mark.parametrize("quantities", [(1, 1), (1, 3)])
def test_of_two_upgrades_at_once_one_is_made(quantities: tuple[int, int]) -> None:
    customer()
    proposals = [proposed("hosting-pro", quantity) for quantity in quantities]

    def change(number: int) -> Any:
        try:
            return changes.change_plan(proposals[number], Asked(None))
        except Conflict as error:
            return error.status
        finally:
            connections.close_all()

    answers = at_once(lambda: change(0), lambda: change(1))

    made = [answer for answer in answers if isinstance(answer, SubscriptionChange)]
    assert [answer for answer in answers if answer not in made] == [409]
    assert len(made) == SubscriptionChange.objects.count() == 1
    assert present().quantity == made[0].quantity
    assert charged() == [4_900, made[0].due_minor]
