"""Recurring revenue for staff, figure by figure, and the rows behind each."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from billing.models import MrrMovement
from identity.staff_roles import ROLES
from tests import clocks, kept, make
from tests.billing import lives
from tests.clients import ApiClient, PersonClient, staff, staff_in
from tests.counted import NOT_COUNTED

REVENUE = "/api/admin/analytics/revenue"
ROWS = f"{REVENUE}/movements"
MAY_READ = {"OWNER": 200, "ADMIN": 200, "MANAGER": 403, "SUPPORT": 403}
NOW = datetime(2026, 3, 20, tzinfo=UTC)


@pytest.fixture
def reader() -> PersonClient:
    return staff("billing.view_mrrmovement")


@pytest.fixture
def _year() -> None:
    kept.situation("a year of revenue", lives.a_year)


def ask(client: ApiClient, path: str = REVENUE, **query: str) -> Any:
    with clocks.at(NOW):
        return client.get(path, query)


def told(reader: PersonClient, **query: str) -> Any:
    answer = ask(reader, **query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def tried() -> None:
    """In January three tries in dollars that were answered, and two that were none; in February one in euros."""
    outcomes = [
        ("succeeded", "ch_1"),
        ("failed", "ch_2"),
        ("canceled", "ch_3"),
        ("canceled", ""),
        ("pending", "ch_4"),
    ]
    for number, (status, charge) in enumerate(outcomes, start=1):
        with clocks.at(lives.on(2026, 1, number)):
            make.payment(status=status, provider_charge_id=charge, amount_minor=number * 100)
    with clocks.at(lives.on(2026, 2)):
        make.payment(currency="eur", amount_minor=500)
    with clocks.at(lives.on(2025, 2)):
        make.payment(status="failed")


@pytest.mark.usefixtures("_year")
def test_each_month_is_the_one_before_and_what_moved(reader: PersonClient) -> None:
    usd = told(reader, fromMonth="2026-01", toMonth="2026-03")["currencies"][1]

    names = ("month", "openingMinor", "newMinor", "expansionMinor", "contractionMinor", "churnMinor")
    rest = ("reactivationMinor", "mrrMinor", "arrMinor", "netRetention", "grossRetention")
    assert [[each[name] for name in (*names, *rest)] for each in usd["months"]] == [
        ["2026-01", 15_000, 3_000, 2_000, 0, 0, 0, 20_000, 240_000, 11_333, 10_000],
        ["2026-02", 20_000, 2_000, 0, -1_000, -3_000, 0, 18_000, 216_000, 8_000, 8_000],
        ["2026-03", 18_000, 0, 0, 0, -12_000, 2_500, 8_500, 102_000, 3_333, 3_333],
    ]
    assert (usd["mrrMinor"], usd["arrMinor"], usd["customerCount"], usd["arpaMinor"]) == (8_500, 102_000, 3, 2_833)
    # Of 150.00 in December, 40.00 is left, nothing of it grown.
    assert (usd["netRetention"], usd["grossRetention"]) == (2_667, 2_667)


@pytest.mark.usefixtures("_year")
def test_another_currency_stands_by_itself(reader: PersonClient) -> None:
    eur = told(reader)["currencies"][0]

    moved = [each for each in eur["months"] if each["month"] in {"2026-02", "2026-03"}]
    assert eur["currency"] == "EUR"
    assert [(each["expansionMinor"], each["contractionMinor"], each["mrrMinor"]) for each in moved] == [
        (1_500, 0, 1_500),
        (0, -1_500, 0),
    ]
    assert (eur["mrrMinor"], eur["customerCount"], eur["arpaMinor"], eur["ltvMinor"]) == (0, 0, None, None)


@pytest.mark.usefixtures("_year")
def test_customers_are_counted_whatever_their_currency(reader: PersonClient) -> None:
    found = told(reader, fromMonth="2026-01")

    names = ("openingCount", "newCount", "reactivatedCount", "churnedCount", "count", "churn")
    assert [[each[name] for name in names] for each in found["customers"]] == [
        [2, 1, 0, 0, 3, 0],
        [3, 1, 0, 1, 3, 3_333],
        [3, 0, 1, 1, 3, 3_333],
    ]
    # Two of eight customer months were the last: 85.00 x 8 / (3 x 2).
    assert found["churn"] == 2_500
    assert found["currencies"][1]["ltvMinor"] == 11_333


@pytest.mark.usefixtures("_year")
def test_cohorts_tell_who_stayed(reader: PersonClient) -> None:
    cohorts = told(reader, fromMonth="2025-12")["cohorts"]

    assert [(each["cohort"], each["customerCount"]) for each in cohorts] == [
        ("2025-12", 2),
        ("2026-01", 1),
        ("2026-02", 1),
    ]
    first, second, third = (
        [(month["age"], month["customerCount"], month["retained"], month["mrrMinor"]) for month in each["months"]]
        for each in cohorts
    )
    assert first == [
        (0, 2, 10_000, {"USD": 15_000}),
        (1, 2, 10_000, {"USD": 17_000}),
        (2, 2, 10_000, {"USD": 16_000}),
        (3, 1, 5_000, {"USD": 4_000}),
    ]
    assert second == [(0, 1, 10_000, {"USD": 3_000}), (1, 0, 0, {}), (2, 1, 10_000, {"USD": 2_500})]
    assert third == [(0, 1, 10_000, {"EUR": 1_500, "USD": 2_000}), (1, 1, 10_000, {"USD": 2_000})]


def test_trials_and_payments(reader: PersonClient) -> None:
    began = lives.on(2026, 2)
    trying = make.subscription(status="trialing", trial_began_at=began)
    make.subscription(trial_began_at=began)
    make.subscription(status="canceled", trial_began_at=began)
    make.subscription(trial_began_at=lives.on(2025, 2))
    make.invoice(trying, status="paid", issued_at=began)
    tried()

    found = told(reader)

    assert found["trials"] == {"beganCount": 3, "endedCount": 2, "convertedCount": 1, "conversion": 5_000}
    rate = {"attemptCount": 3, "succeededCount": 1, "failedCount": 2, "success": 3_333}
    euros = {"currency": "EUR", "attemptCount": 1, "succeededCount": 1, "failedCount": 0, "success": 10_000}
    dollars = {**rate, "currency": "USD"}
    assert found["payments"] == {
        "attemptCount": 4,
        "succeededCount": 2,
        "failedCount": 2,
        "success": 5_000,
        "currencies": [euros, dollars],
        "months": [{**dollars, "month": "2026-01"}, {**euros, "month": "2026-02"}],
    }


@pytest.mark.parametrize(
    ("query", "amounts"),
    [
        ("", [500, 300, 200, 100]),
        ("&outcome=succeeded", [500, 100]),
        ("&outcome=failed", [300, 200]),
        ("&currency=eur", [500]),
        ("&outcome=failed&currency=eur", []),
        ("&toMonth=2026-01", [300, 200, 100]),
    ],
)
def test_the_payments_behind_the_rate(query: str, amounts: list[int]) -> None:
    tried()
    reader = staff("billing.view_payment")

    with clocks.at(NOW):
        answer = reader.get(f"{REVENUE}/payments?fromMonth=2026-01{query}")

    assert [row["amountMinor"] for row in answer.json()["items"]] == amounts


def test_the_payments_take_their_permission(reader: PersonClient) -> None:
    assert reader.get(f"{REVENUE}/payments").status_code == 403


def test_where_there_is_nothing_there_are_no_rates(reader: PersonClient) -> None:
    found = told(reader, fromMonth="2026-03")

    assert (found["currencies"], found["cohorts"], found["churn"]) == ([], [], None)
    assert found["customers"] == [
        {
            "month": "2026-03",
            "openingCount": 0,
            "newCount": 0,
            "reactivatedCount": 0,
            "churnedCount": 0,
            "count": 0,
            "churn": None,
        }
    ]
    assert (found["trials"]["conversion"], found["payments"]["success"]) == (None, None)


def test_by_itself_it_is_the_twelve_months_until_this_one(reader: PersonClient) -> None:
    found = told(reader)

    assert (found["fromMonth"], found["toMonth"], len(found["customers"])) == ("2025-04", "2026-03", 12)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"fromMonth": "2026-03", "toMonth": "2026-02"}, "fromMonth"),
        ({"fromMonth": "2023-03", "toMonth": "2026-03"}, "fromMonth"),
        ({"fromMonth": "1999-12", "toMonth": "2000-01"}, "fromMonth"),
        ({"toMonth": "2026-04"}, "toMonth"),
        ({"fromMonth": "2026-13"}, "fromMonth"),
        ({"fromMonth": "2026-1"}, "fromMonth"),
        ({"toMonth": "0000-01"}, "toMonth"),
        ({"toMonth": "٢٠٢٦-01"}, "toMonth"),
        ({"months": "3"}, "months"),
    ],
)
def test_months_that_are_none_are_named(reader: PersonClient, query: dict[str, str], field: str) -> None:
    answer = ask(reader, **query)

    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


@pytest.mark.parametrize("path", [REVENUE, ROWS])
@pytest.mark.parametrize("role", ROLES)
def test_who_of_staff_may_read_it(role: str, path: str) -> None:
    assert ask(staff_in(role), path).status_code == MAY_READ[role]


def test_it_takes_few_statements(reader: PersonClient) -> None:
    kept.situation("a year of revenue", lives.a_year)
    asked: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        told(reader)

    assert len([sql for sql in asked if not NOT_COUNTED.match(sql)]) <= 8


# --- The rows behind ------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("_year")
def test_every_amount_is_the_sum_of_the_rows_behind_it(reader: PersonClient) -> None:
    found = told(reader, fromMonth="2025-12")

    for each in found["currencies"]:
        for month in each["months"]:
            named = {"month": month["month"], "currency": each["currency"]}
            for kind in MrrMovement.Kind.values:
                rows = ask(reader, ROWS, **named, kind=kind).json()["items"]
                assert sum(row["amountMinor"] for row in rows) == month[f"{kind}Minor"]
            until = ask(reader, ROWS, until=month["month"], currency=each["currency"]).json()["items"]
            assert sum(row["amountMinor"] for row in until) == month["mrrMinor"]
    for cohort in found["cohorts"]:
        rows = ask(reader, ROWS, cohort=cohort["cohort"], kind="new").json()["items"]
        assert len(rows) == cohort["customerCount"]


@pytest.mark.usefixtures("_year")
def test_a_row_says_whose_it_is(reader: PersonClient) -> None:
    mill = MrrMovement.objects.filter(kind="reactivation").get()

    items = ask(reader, ROWS, organizationId=str(mill.organization_id)).json()["items"]

    assert [(row["kind"], row["month"]) for row in items] == [
        ("reactivation", "2026-03"),
        ("churn", "2026-02"),
        ("new", "2026-01"),
    ]
    assert items[0] == {
        "id": str(mill.pk),
        "kind": "reactivation",
        "amountMinor": 2_500,
        "currency": "USD",
        "occurredAt": items[0]["occurredAt"],
        "month": "2026-03",
        "cohort": "2026-01",
        "organizationId": str(mill.organization_id),
        "organizationName": "Mill",
        "subscriptionId": str(mill.subscription_id),
        "plan": mill.subscription.plan.code,
    }


@pytest.mark.parametrize(
    "query", [{"kind": "growth"}, {"month": "March"}, {"currency": "US"}, {"organizationId": "1"}, {"x": "1"}]
)
def test_a_filter_that_is_none_is_named(reader: PersonClient, query: dict[str, str]) -> None:
    answer = ask(reader, ROWS, **query)

    assert (answer.status_code, list(answer.json()["details"])) == (400, list(query))
