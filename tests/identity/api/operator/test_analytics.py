"""How many people came, were active and left."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from identity.models import User, UserActivity
from identity.staff_roles import ROLES
from tests import clocks, make
from tests.clients import ApiClient, staff, staff_in

USERS = "/api/admin/analytics/users"
NOW = datetime(2026, 3, 20, tzinfo=UTC)
MAY_READ = {"OWNER": 200, "ADMIN": 200, "MANAGER": 403, "SUPPORT": 403}


def ask(client: ApiClient, **query: str) -> Any:
    with clocks.at(NOW):
        return client.get(USERS, query)


def person(month: int, *active: date, year: int = 2026, **fields: Any) -> User:
    """Somebody who signed up in that month, and was active on those days."""
    found = make.user(created_at=datetime(year, month, 15, tzinfo=UTC), **fields)
    for day in active:
        UserActivity.objects.create(user=found, active_on=day, last_at=NOW, organization_id=None)
    return found


def test_each_month_tells_who_came_stayed_and_left() -> None:
    january, february, march = (date(2026, month, 10) for month in (1, 2, 3))
    person(12, date(2025, 12, 31), january, march, year=2025)
    person(1, january, date(2026, 1, 11), february)
    person(2, february, march)
    person(2, erased_at=datetime(2026, 3, 2, tzinfo=UTC), status="deleted")
    person(1, january, is_staff=True)
    make.organization()

    found = ask(staff("identity.view_useractivity"), fromMonth="2026-01").json()

    names = ("month", "signedUpCount", "activeCount", "returnedCount", "churnedCount", "erasedCount", "totalCount")
    assert [[each[name] for name in names] for each in found["months"]] == [
        ["2026-01", 1, 2, 1, 0, 0, 2],
        ["2026-02", 2, 2, 1, 1, 0, 4],
        ["2026-03", 0, 2, 1, 1, 1, 3],
    ]
    assert (found["fromMonth"], found["toMonth"]) == ("2026-01", "2026-03")
    assert (found["byStatus"]["active"], found["byStatus"]["deleted"]) == (3, 1)


def test_without_people_there_are_zeros() -> None:
    found = ask(staff("identity.view_useractivity")).json()

    assert len(found["months"]) == 12
    assert {name: each for name, each in found["months"][-1].items() if name != "month"} == dict.fromkeys(
        ("signedUpCount", "activeCount", "returnedCount", "churnedCount", "erasedCount", "totalCount"), 0
    )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"fromMonth": "2026-03", "toMonth": "2026-02"}, "fromMonth"),
        ({"fromMonth": "2020-01"}, "fromMonth"),
        ({"toMonth": "next"}, "toMonth"),
    ],
)
def test_months_that_are_none_are_named(query: dict[str, str], field: str) -> None:
    answer = ask(staff("identity.view_useractivity"), **query)

    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


@pytest.mark.parametrize("role", ROLES)
def test_who_of_staff_may_read_it(role: str) -> None:
    assert ask(staff_in(role)).status_code == MAY_READ[role]
