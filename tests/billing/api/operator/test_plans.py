"""Staff keep the catalog."""

from typing import Any
from uuid import uuid4

import pytest

from billing.models import NANO, Plan, PlanVersion, Price
from platform_core.models import AuditEvent
from tests import make
from tests.clients import staff

PLANS = "/api/admin/plans"
READ, ADD, CHANGE, DELETE = (f"billing.{verb}_plan" for verb in ("view", "add", "change", "delete"))
TEAM: dict[str, Any] = {
    "product": "pages",
    "code": "pages-team",
    "name": "Pages Team",
    "tier": "Team",
    "kind": "hybrid",
    "features": ["Unlimited viewers"],
    "rateLimit": 60,
    "monthlyLimit": 100_000,
    "tokenAllotment": 5_000,
    "trialDays": 14,
    "afterTrial": "cancel",
    "entitlements": [{"code": "pages", "kind": "quota", "limit": 5, "enforcement": "soft", "reset": "month"}],
    "covers": [],
    "prices": [
        {"currency": "USD", "amountMinor": 6_500},
        {"currency": "usd", "interval": "year", "scheme": "flat", "amountMinor": 65_000},
        {
            "kind": "overage",
            "currency": "usd",
            "scheme": "graduated",
            "tiers": [{"upTo": 1_000, "unitPriceNano": NANO}, {"upTo": None, "amountMinor": 5}],
        },
    ],
}


def added(**changes: Any) -> dict[str, Any]:
    if not Plan.objects.exists():
        make.product("pages")
    answer = staff(ADD).post(PLANS, {**TEAM, **changes})
    assert answer.status_code == 201, answer.json()
    return dict(answer.json())


def test_a_plan_is_added_with_its_terms_and_prices() -> None:
    body = added()

    assert {name: body[name] for name in TEAM if name not in ("prices", "entitlements")} == {
        name: value for name, value in TEAM.items() if name not in ("prices", "entitlements")
    }
    assert (body["status"], body["version"], body["rank"], body["isCustom"]) == ("active", 1, 1, False)
    assert body["entitlements"] == [
        {"code": "pages", "kind": "quota", "value": "", "limit": 5, "enforcement": "soft", "reset": "month"}
    ]
    assert [(each["kind"], each["scheme"], each["lookupKey"]) for each in body["prices"]] == [
        ("overage", "graduated", "pages-team-overage-usd"),
        ("recurring", "per_unit", "pages-team-month-usd"),
        ("recurring", "flat", "pages-team-year-usd"),
    ]
    assert body["prices"][0]["tiers"] == [
        {"upTo": 1_000, "unitPriceNano": NANO, "amountMinor": 0},
        {"upTo": None, "unitPriceNano": 0, "amountMinor": 5},
    ]
    listed = staff(READ).get(PLANS).json()
    assert (listed["items"], listed["meta"]) == ([body], {"page": 1, "pageSize": 25, "total": 1})
    actions = AuditEvent.objects.filter(action__regex="plan|price").values_list("action", flat=True)
    assert sorted(actions) == ["plan.create", *["price.create"] * 3]


def test_what_is_sold_by_agreement_is_no_add_on() -> None:
    make.product("pages")

    answer = staff(ADD).post(PLANS, {**TEAM, "isAddOn": True, "isCustom": True})

    assert (answer.status_code, list(answer.json()["details"])) == (400, ["isAddOn"])
    assert not Plan.objects.exists()


def test_an_answer_that_was_lost_is_told_again() -> None:
    make.product("pages")
    client = staff(ADD)

    first = client.post(PLANS, TEAM, headers={"Idempotency-Key": '"a"'})
    again = client.post(PLANS, TEAM, headers={"Idempotency-Key": '"a"'})
    other = client.post(PLANS, {**TEAM, "code": "pages-other"}, headers={"Idempotency-Key": '"a"'})

    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_CONFLICT")
    assert Plan.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"product": "none"}, "product"),
        ({"code": "no code"}, "code"),
        ({"name": ""}, "name"),
        ({"kind": "lease"}, "kind"),
        ({"rateLimit": 0}, "rateLimit"),
        ({"monthlyLimit": 2**70}, "monthlyLimit"),
        ({"tokenAllotment": -1}, "tokenAllotment"),
        ({"trialDays": 731}, "trialDays"),
        ({"features": "all"}, "features"),
        ({"covers": ["none"]}, "covers"),
        ({"entitlements": [{"code": "x", "kind": "static"}]}, "entitlements"),
        ({"prices": [{"currency": "xxx", "amountMinor": 1}]}, "prices.0.currency"),
        ({"prices": [{"currency": "usd"}]}, "prices.0.amountMinor"),
        ({"prices": [{"currency": "usd", "amountMinor": 1, "interval": "once"}]}, "prices.0.interval"),
        ({"prices": [{"currency": "usd", "kind": "overage", "scheme": "flat", "amountMinor": 1}]}, "prices.0.scheme"),
        ({"prices": [{"currency": "usd", "scheme": "volume", "tiers": [{"upTo": 5}]}]}, "prices.0.tiers"),
        ({"status": "archived"}, "status"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_plan_is_refused_whole_naming_the_field(changes: dict[str, Any], field: str) -> None:
    make.product("pages")

    answer = staff(ADD).post(PLANS, {**TEAM, **changes})

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert field in answer.json()["details"], answer.json()
    assert not Plan.objects.exists()


@pytest.mark.parametrize("changes", [{"code": "pages-team", "rank": 2}, {"code": "pages-other", "rank": 1}])
def test_a_code_and_a_rank_are_one_plans(changes: dict[str, Any]) -> None:
    added()

    answer = staff(ADD).post(PLANS, {**TEAM, **changes})

    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert Plan.objects.count() == 1


def test_changed_terms_are_a_new_version_and_the_answer_says_whom_they_leave_alone() -> None:
    plan = Plan.objects.get(pk=added()["id"])
    monthly = plan.prices.get(interval="month", kind="recurring")
    kept = [make.subscription(plan=plan, price=monthly) for _ in range(2)]
    make.subscription(plan=plan, price=monthly, status="canceled")

    answer = staff(CHANGE).put(
        f"{PLANS}/{plan.pk}",
        {"name": "Pages for teams", "trialDays": 0, "prices": [{"currency": "usd", "amountMinor": 7_500}]},
    )

    body = answer.json()
    assert (answer.status_code, body["version"], body["trialDays"], body["name"]) == (200, 2, 0, "Pages for teams")
    assert body["features"] == ["Unlimited viewers"]
    assert body["affected"] == {"subscriptionCount": 2, "organizationCount": 2, "earlierVersionCount": 2}
    assert {each["lookupKey"]: each["amountMinor"] for each in body["prices"]}["pages-team-month-usd"] == 7_500
    for subscription in kept:
        subscription.refresh_from_db()
        assert (subscription.plan_version.trial_days, subscription.price.amount_minor) == (14, 6_500)


def test_the_same_again_changes_nothing() -> None:
    plan = added()
    before = AuditEvent.objects.count()

    body = staff(CHANGE).put(
        f"{PLANS}/{plan['id']}", {name: TEAM[name] for name in TEAM if name not in ("product", "code")}
    )

    assert body.json() == {
        **plan,
        "affected": {"subscriptionCount": 0, "organizationCount": 0, "earlierVersionCount": 0},
    }
    assert AuditEvent.objects.count() == before


def test_one_bad_price_leaves_everything_as_it_was() -> None:
    plan = added()

    answer = staff(CHANGE).put(f"{PLANS}/{plan['id']}", {"name": "Other", "prices": [{"currency": "usd"}]})

    assert answer.status_code == 400
    assert Plan.objects.get().name == "Pages Team"
    assert (PlanVersion.objects.count(), Price.objects.count()) == (1, 3)


def test_deleting_archives_and_says_who_keeps_it() -> None:
    plan = Plan.objects.get(pk=added()["id"])
    make.subscription(plan=plan, price=plan.prices.get(interval="month", kind="recurring"))
    client = staff(DELETE)

    for _ in range(2):
        answer = client.delete(f"{PLANS}/{plan.pk}")
        assert (answer.status_code, answer.json()["status"]) == (200, "archived")
        assert answer.json()["affected"]["subscriptionCount"] == 1

    assert AuditEvent.objects.filter(action="plan.archive").count() == 1
    refused = staff(CHANGE).put(f"{PLANS}/{plan.pk}", {"name": "Other"})
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert Plan.objects.get().name == "Pages Team"


def test_lists_are_filtered() -> None:
    added()
    make.plan("other", status="archived")
    client = staff(READ)

    def found(**query: str) -> list[str]:
        return [row["code"] for row in client.get(PLANS, query).json()["items"]]

    assert found(status="archived") == ["other"]
    assert found(product="pages") == ["pages-team"]
    assert client.get(PLANS, {"status": "gone"}).status_code == 400
    assert client.get(PLANS, {"colour": "red"}).status_code == 400


def test_a_plan_that_is_not_there() -> None:
    client = staff(CHANGE, DELETE)

    assert client.put(f"{PLANS}/{uuid4()}", {"name": "X"}).status_code == 404
    assert client.delete(f"{PLANS}/{uuid4()}").status_code == 404
