"""What an organization is subscribed to, as its members see it."""

from typing import Any
from uuid import uuid4

import pytest

from billing.models import Subscription, SubscriptionChange
from billing.providers import provider
from billing.providers.protocol import BalanceSpec
from billing.providers.sandbox.faults import Fault, injected
from billing.services import changes
from orgs.models import Organization
from orgs.roles import Role
from platform_core.models.leases import LONG_AGO
from tests import make
from tests.billing import month, shop
from tests.billing.cards import CANNOT_PAY, set_card
from tests.billing.changing import charged, customer, present
from tests.billing.waiting import asked_customer, at_the_bank, pending_there, the_change
from tests.clients import ApiClient, PersonClient
from tests.pages import Browser

PATH = "/api/user/subscription"
VERBS = ("upgrade", "downgrade", "cancel", "resume")


def test_an_organization_that_never_bought(member: PersonClient) -> None:
    answer = member.get(PATH)

    assert answer.status_code == 200
    assert answer.json() == {
        "organizationId": str(member.organization.pk),
        "status": "none",
        "isActive": False,
        "products": [],
        "entitlements": [],
        "current": None,
        "subscriptions": [],
    }


def test_after_buying() -> None:
    customer = shop.customer()

    found = PersonClient(make.person(customer, Role.MEMBER), customer).get(PATH).json()

    row = Subscription.objects.get()
    assert (found["status"], found["isActive"]) == ("active", True)
    assert found["subscriptions"] == [found["current"]]
    current = found["current"]
    assert current["id"] == str(row.pk)
    assert current["plan"] == {
        "code": "hosting-pro",
        "product": "hosting",
        "name": "Hosting Pro",
        "tier": "Build",
        "tokenAllotment": 15_000_000,
        "features": ["15 million tokens a month", "Hourly backups"],
        "rateLimit": None,
        "monthlyLimit": None,
    }
    assert found["products"] == [{"product": "hosting", "plan": "hosting-pro", "isBundled": False}]
    customer.refresh_from_db()
    assert customer.product_codes == ["hosting"]
    assert (current["amountMinor"], current["currency"], current["interval"], current["quantity"]) == (
        12_900,
        "USD",
        "month",
        1,
    )
    assert current["currentPeriodEnd"] == row.current_period_end.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert (current["cancelAtPeriodEnd"], current["canceledAt"], current["endedAt"]) == (False, None, None)


def test_a_live_subscription_comes_before_a_newer_one_that_ended(member: PersonClient) -> None:
    live = make.subscription(member.organization)
    ended = make.subscription(member.organization, status="canceled")

    found = member.get(PATH).json()

    assert found["current"]["id"] == str(live.pk)
    assert [row["id"] for row in found["subscriptions"]] == [str(ended.pk), str(live.pk)]


def test_an_ended_subscription_gives_nothing_but_is_shown(member: PersonClient) -> None:
    make.subscription(member.organization, status="canceled")

    found = member.get(PATH).json()

    assert (found["status"], found["isActive"]) == ("canceled", False)
    assert found["current"]["status"] == "canceled"


def test_nothing_of_others_is_shown(member: PersonClient) -> None:
    make.subscription()

    assert member.get(PATH).json()["subscriptions"] == []


def test_nobody_is_asked_who_they_are(anonymous: ApiClient) -> None:
    assert anonymous.get(PATH).status_code == 401


def test_the_three_addresses_say_the_same(member: PersonClient, organization: Organization) -> None:
    make.subscription(organization)

    answers = [
        member.get(path).json()
        for path in (PATH, "/api/v1/users/me/subscription", f"/api/v1/organizations/{organization.pk}/subscription")
    ]

    assert answers[0]["status"] == "active"
    assert answers == [answers[0]] * 3


# --- Changing it ------------------------------------------------------------------------------------------------------
def owner_of(subscription: Subscription) -> PersonClient:
    return PersonClient(make.person(subscription.organization), subscription.organization)


@pytest.mark.parametrize("there_minor", [1_000, 90_000, -500])
def test_a_preview_says_what_credits_pay_of_it_and_that_is_what_is_asked_for(there_minor: int) -> None:
    subscription = customer()
    client = owner_of(subscription)
    customer_id = subscription.organization.billing_account.provider_customer_id
    provider().move_balance(BalanceSpec(customer_id, there_minor, "usd", "Credits", {}), key="given")

    found = client.post(f"{PATH}/preview").json()

    page = Browser(make.person(subscription.organization)).read(f"/billing/{subscription.pk}/change?plan=hosting-pro")
    assert ("Paid from your credits" in page.text) is (there_minor > 0)
    assert ("Confirm and pay" in page.text) is (there_minor < 90_000)
    covered = min(max(0, there_minor), found["dueMinor"])
    assert 0 < found["dueMinor"] < 90_000
    assert (found["creditsMinor"], found["payableMinor"]) == (covered, found["dueMinor"] - covered)
    client.post(f"{PATH}/upgrade", {name: found[name] for name in ("plan", "proratedAt", "dueMinor")})
    billed = provider().invoices_of(subscription.provider_subscription_id)[0]
    assert (billed.total_minor, billed.status) == (found["dueMinor"], "paid")
    if there_minor > 0:
        assert billed.due_minor == found["payableMinor"]


def test_what_comes_with_the_next_period_takes_no_credits_now() -> None:
    client = owner_of(customer("hosting-pro"))

    found = client.post(f"{PATH}/preview", {"direction": "down", "plan": "hosting-starter"}).json()

    assert (found["dueMinor"], found["creditsMinor"], found["payableMinor"]) == (0, 0, 0)


def test_a_preview_changes_nothing_and_the_upgrade_costs_what_it_said() -> None:
    client = owner_of(customer())

    shown = client.post(f"{PATH}/preview")

    assert shown.status_code == 200, shown.content
    found = shown.json()
    assert (found["kind"], found["plan"], found["quantity"], found["currency"]) == ("upgrade", "hosting-pro", 1, "USD")
    assert [line["kind"] for line in found["lines"]] == ["credit", "charge"]
    assert found["dueMinor"] == sum(line["amountMinor"] for line in found["lines"])
    assert found["periodMinor"] == 12_900
    assert not SubscriptionChange.objects.exists()

    held = {name: found[name] for name in ("proratedAt", "dueMinor")}
    made = client.post(f"{PATH}/upgrade", {"plan": found["plan"], **held})

    assert made.status_code == 200, made.content
    answer = made.json()
    assert answer["subscription"]["plan"]["code"] == "hosting-pro"
    assert (answer["change"]["kind"], answer["change"]["status"]) == ("upgrade", "applied")
    assert answer["change"]["dueMinor"] == found["dueMinor"] == charged()[-1]


def test_without_a_plan_it_is_one_step_up_and_above_the_top_there_is_none() -> None:
    client = owner_of(customer("hosting-pro"))

    answer = client.post(f"{PATH}/upgrade")

    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert charged() == [12_900]


def test_an_amount_that_is_not_the_one_shown_is_refused() -> None:
    client = owner_of(customer())

    answer = client.post(f"{PATH}/upgrade", {"dueMinor": 1})

    assert (answer.status_code, "has changed since it was shown" in answer.json()["message"]) == (409, True)
    assert not SubscriptionChange.objects.exists()


def test_a_declined_card_is_402_and_nothing_is_changed() -> None:
    subscription = customer()
    set_card(subscription, CANNOT_PAY)

    answer = owner_of(subscription).post(f"{PATH}/upgrade")

    assert (answer.status_code, answer.json()["code"]) == (402, "CARD_DECLINED")
    assert present().plan.code == "hosting-starter"


def test_a_provider_that_does_not_answer_is_502_that_says_what_to_do() -> None:
    client = owner_of(customer())

    with injected(Fault.TIMEOUT_AFTER, method="POST", path="/v1/subscriptions/", times=3):
        answer = client.post(f"{PATH}/upgrade")

    assert (answer.status_code, answer.json()["code"]) == (502, "STRIPE_ERROR")
    assert "is tried again by itself" in answer.json()["message"]


def test_one_step_up_under_one_key_is_one_step_however_often_it_is_asked_for() -> None:
    client, key = owner_of(customer()), {"Idempotency-Key": "up-1"}
    with injected(Fault.TIMEOUT_AFTER, method="POST", path="/v1/subscriptions/", times=3):
        assert client.post(f"{PATH}/upgrade", headers=key).status_code == 502
    SubscriptionChange.objects.update(lease_until=LONG_AGO, run_after=LONG_AGO)
    assert changes.settle_one("test")

    again = client.post(f"{PATH}/upgrade", headers=key)
    replayed = client.post(f"{PATH}/upgrade", headers=key)

    assert (again.status_code, again.json()["change"]["status"]) == (200, "applied")
    assert (replayed.json(), replayed.headers["Idempotency-Replayed"]) == (again.json(), "true")
    assert SubscriptionChange.objects.count() == 1
    assert len(charged()) == 2


def test_down_it_goes_with_the_next_period() -> None:
    client = owner_of(customer("hosting-pro"))

    answer = client.post(f"{PATH}/downgrade")

    assert answer.status_code == 200, answer.content
    change = answer.json()["change"]
    assert (change["status"], change["plan"]) == ("scheduled", "hosting-starter")
    assert change["effectiveAt"] == month.RENEWAL.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert answer.json()["subscription"]["plan"]["code"] == "hosting-pro"


@pytest.mark.parametrize(
    ("verb", "plan", "said"), [("upgrade", "hosting-starter", "no step up"), ("downgrade", "hosting-pro", "step up")]
)
def test_the_address_says_the_direction(verb: str, plan: str, said: str) -> None:
    client = owner_of(customer("hosting-pro" if verb == "upgrade" else "hosting-starter"))

    answer = client.post(f"{PATH}/{verb}", {"plan": plan})

    assert (answer.status_code, said in answer.json()["message"]) == (409, True)
    assert not SubscriptionChange.objects.exists()


def test_canceled_resumed_and_ended() -> None:
    client = owner_of(customer())

    canceled = client.post(f"{PATH}/cancel", {"reason": "Too dear."}).json()["subscription"]
    resumed = client.post(f"{PATH}/resume").json()["subscription"]
    ended = client.post(f"{PATH}/cancel", {"at": "now"}).json()["subscription"]

    assert (canceled["autoRenew"], canceled["cancelAtPeriodEnd"], canceled["status"]) == (False, True, "active")
    assert (resumed["autoRenew"], resumed["cancelAtPeriodEnd"]) == (True, False)
    assert (ended["status"], ended["autoRenew"]) == ("canceled", False)
    assert client.post(f"{PATH}/cancel").status_code == 409


def test_auto_renew_is_switched() -> None:
    client = owner_of(customer())

    off = client.patch(PATH, {"autoRenew": False})
    again = client.patch(PATH, {"autoRenew": False})

    assert (off.status_code, off.json()["subscription"]["autoRenew"], off.json()["change"]["kind"]) == (
        200,
        False,
        "cancel",
    )
    assert (again.status_code, again.json()["change"]) == (200, None)


@pytest.mark.parametrize("verb", VERBS)
def test_who_has_none_has_nothing_to_change(owner: PersonClient, verb: str) -> None:
    answer = owner.post(f"{PATH}/{verb}")

    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.AUDITOR])
@pytest.mark.parametrize("verb", VERBS)
def test_a_role_that_may_not_buy_changes_nothing(organization: Organization, role: Role, verb: str) -> None:
    make.subscription(organization)

    answer = PersonClient(make.person(organization, role), organization).post(f"{PATH}/{verb}")

    assert answer.status_code == 403
    assert not SubscriptionChange.objects.exists()


@pytest.mark.parametrize("verb", [*VERBS, "preview"])
def test_a_strangers_subscription_is_out_of_reach(owner: PersonClient, verb: str) -> None:
    """And cannot be told from one that never was, nor can whoever has one of their own."""
    make.subscription(owner.organization)
    theirs = make.subscription()

    answer = owner.post(f"{PATH}/{verb}", {"subscriptionId": str(theirs.pk)})
    never = owner.post(f"{PATH}/{verb}", {"subscriptionId": str(uuid4())})

    assert (answer.status_code, never.status_code) == (404, 404)
    told = {**answer.json(), "requestId": ""}
    assert (told["code"], told["message"]) == ("NOT_FOUND", "There is no such subscription.")
    assert told == {**never.json(), "requestId": ""}
    theirs.refresh_from_db()
    assert not theirs.cancel_at_period_end
    assert not SubscriptionChange.objects.exists()


def test_one_of_ones_own_that_is_over_is_nothing_to_change(owner: PersonClient) -> None:
    over = make.subscription(owner.organization, status="canceled")

    answer = owner.post(f"{PATH}/upgrade", {"subscriptionId": str(over.pk)})

    assert (answer.status_code, "no running subscription" in answer.json()["message"]) == (409, True)


def test_of_several_it_must_be_said_which(owner: PersonClient) -> None:
    for _ in range(2):
        make.subscription(owner.organization)

    answer = owner.post(f"{PATH}/cancel")

    assert (answer.status_code, list(answer.json()["details"])) == (400, ["product"])


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("upgrade", {"quantity": 0}, "quantity"),
        ("upgrade", {"quantity": 100_001}, "quantity"),
        ("upgrade", {"quantity": 10**30}, "quantity"),
        ("upgrade", {"dueMinor": "much"}, "dueMinor"),
        ("upgrade", {"proratedAt": "yesterday"}, "proratedAt"),
        ("upgrade", {"plan": "not a slug"}, "plan"),
        ("downgrade", {"proratedAt": "2027-01-01T00:00:00Z"}, "proratedAt"),
        ("cancel", {"at": "whenever"}, "at"),
        ("cancel", {"reason": "x" * 501}, "reason"),
        ("resume", {"subscriptionId": "one"}, "subscriptionId"),
        ("preview", {"direction": "sideways"}, "direction"),
        ("upgrade", {"coupon": "x"}, "coupon"),
    ],
)
def test_what_cannot_be_read_is_named(owner: PersonClient, verb: str, body: dict[str, Any], field: str) -> None:
    make.subscription(owner.organization)

    answer = owner.post(f"{PATH}/{verb}", body)

    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


def test_another_products_plan_is_no_plan_to_change_to() -> None:
    client = owner_of(customer())

    answer = client.post(f"{PATH}/upgrade", {"plan": "pages-team"})

    assert (answer.status_code, list(answer.json()["details"])) == (400, ["plan"])


# --- The bank wants to hear from the customer -------------------------------------------------------------------------
def test_a_payment_that_the_bank_wants_confirmed_is_202_with_the_page_on_which_it_is() -> None:
    client = owner_of(asked_customer())
    before = client.get(PATH).json()

    answer = client.post(f"{PATH}/upgrade", headers={"Idempotency-Key": "up-1"})
    replayed = client.post(f"{PATH}/upgrade", headers={"Idempotency-Key": "up-1"})

    assert answer.status_code == 202, answer.content
    found = answer.json()["change"]
    assert (found["status"], found["plan"], found["effectiveAt"]) == ("confirming", "hosting-pro", None)
    action = found["nextAction"]
    assert (action["type"], action["expiresAt"][:16]) == ("redirect", "2027-03-18T03:15")
    assert action["url"].startswith("http://127.0.0.1:8000/sandbox/customers/cus_")
    assert (replayed.status_code, replayed.json()) == (202, answer.json())
    assert (client.get(PATH).json(), charged()) == (before, [4_900])
    at_the_bank("confirm")
    shop.catch_up()
    now = client.get(PATH).json()
    assert now["current"]["plan"]["code"] == "hosting-pro"
    assert now["entitlements"] == before["entitlements"] or now["products"] != before["products"]
    assert charged() == [4_900, found["dueMinor"]]
    assert client.post(f"{PATH}/upgrade").status_code == 409


def test_it_is_taken_back_by_going_on_as_it_is() -> None:
    client = owner_of(asked_customer())
    client.post(f"{PATH}/upgrade")

    answer = client.post(f"{PATH}/resume")

    assert (answer.status_code, answer.json()["change"]["nextAction"]) == (200, None)
    assert (the_change().status, pending_there()) == ("applied", False)
    assert client.post(f"{PATH}/resume").status_code == 409
