"""Buying over the API, and every reason why not."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from billing.models import BillingAccount, CheckoutSession, Coupon, CouponRedemption, Plan, Price, Subscription
from billing.providers import provider
from billing.providers.protocol import CouponSpec
from billing.providers.sandbox import faults
from billing.providers.sandbox.faults import Fault
from billing.providers.sandbox.models import Record
from orgs.models import Organization
from orgs.roles import Role
from platform_core.models import AuditEvent
from tests import make
from tests.billing import extras, shop
from tests.clients import ApiClient, PersonClient
from tests.conftest import StaffClient

CHECKOUT = "/api/v1/billing/checkout"
CARD = {"number": shop.DECLINED, "expiry": "12/99", "cvc": "123"}


def path_of(organization: Organization) -> str:
    return f"/api/v1/billing/organizations/{organization.pk}/billing/checkout"


@pytest.fixture
def _open_shop() -> None:
    shop.opened()


# --- Checkout -------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("_open_shop")
def test_an_owner_gets_the_address_of_a_page_under_both_names(owner: PersonClient) -> None:
    answer = owner.post(CHECKOUT, {"product": "hosting", "plan": "pro"})

    row = CheckoutSession.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {"url": row.url, "checkoutUrl": row.url}
    assert row.url.startswith("http://127.0.0.1:8000/sandbox/checkout/cs_test_")
    assert (row.organization, row.created_by, row.plan.code) == (owner.organization, owner.user, "hosting-pro")


@pytest.mark.usefixtures("_open_shop")
def test_a_checkout_that_is_asked_for_twice_under_one_key_is_opened_once(owner: PersonClient) -> None:
    def buy(plan: str) -> Any:
        return owner.post(CHECKOUT, {"plan": plan}, headers={"Idempotency-Key": "buy-1"})

    first, again, other = buy("hosting-pro"), buy("hosting-pro"), buy("hosting-starter")

    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_CONFLICT")
    assert CheckoutSession.objects.count() == 1


@pytest.mark.usefixtures("_open_shop")
def test_the_path_may_name_the_organization(owner: PersonClient) -> None:
    answer = owner.post(path_of(owner.organization), {"plan": "hosting-pro"})

    assert answer.status_code == 201
    assert set(answer.json()) == {"url", "checkoutUrl"}
    assert CheckoutSession.objects.get().organization == owner.organization


@pytest.mark.usefixtures("_open_shop")
@pytest.mark.parametrize("field", ["organizationId", "plan", "successUrl"])
def test_the_path_that_names_it_takes_the_same_body(owner: PersonClient, field: str) -> None:
    answer = owner.post(path_of(owner.organization), {field: "no such thing"})

    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])
    assert not CheckoutSession.objects.exists()


@pytest.mark.usefixtures("_open_shop")
@pytest.mark.parametrize("body", [{}, None], ids=["empty object", "no body"])
def test_without_a_word_the_lowest_plan_is_meant(owner: PersonClient, body: Any) -> None:
    answer = owner.post(CHECKOUT, body) if body is not None else owner.generic("POST", CHECKOUT)

    assert answer.status_code == 201
    assert CheckoutSession.objects.get().plan.code == "hosting-starter"


@pytest.mark.usefixtures("_open_shop")
def test_addresses_to_return_to(owner: PersonClient) -> None:
    urls = {
        "successUrl": "https://my-app.example.com/done?session={CHECKOUT_SESSION_ID}",
        "cancelUrl": "http://localhost:3000/back",
    }

    assert owner.post(CHECKOUT, {"plan": "hosting-pro", **urls}).status_code == 201

    session = Record.objects.get(kind="checkout.session").data
    assert (session["success_url"], session["cancel_url"]) == (urls["successUrl"], urls["cancelUrl"])


@pytest.mark.usefixtures("_open_shop")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"successUrl": "javascript:alert(1)"}, "successUrl"),
        ({"successUrl": "/relative"}, "successUrl"),
        ({"cancelUrl": "ftp://files.example.com/"}, "cancelUrl"),
        ({"cancelUrl": 7}, "cancelUrl"),
        ({"successUrl": "https://a.test/" + "x" * 500}, "successUrl"),
        ({"plan": "no such plan"}, "plan"),
        ({"plan": "gold"}, "plan"),
        ({"product": "nothing"}, "product"),
        ({"product": "bundle", "plan": "pro"}, "plan"),
        ({"planCode": "hosting-pro"}, "planCode"),
        ({"plan": "hosting-pro", "interval": "week"}, "interval"),
        ({"plan": "hosting-pro", "interval": "year"}, "interval"),
        ({"plan": "hosting-pro", "coupon": "NONE"}, "coupon"),
        ({"plan": "hosting-pro", "coupon": "X" * 41}, "coupon"),
        ({"plan": "hosting-pro", "addOns": "backups"}, "addOns"),
        ({"plan": "hosting-pro", "addOns": [{"code": "nothing"}]}, "addOns"),
        ({"organization": "x"}, "organization"),
    ],
)
def test_bad_input_is_named(owner: PersonClient, body: dict[str, Any], field: str) -> None:
    answer = owner.post(CHECKOUT, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert list(answer.json()["details"]) == [field]
    assert not CheckoutSession.objects.exists()


def test_what_a_bundle_covers_is_not_sold_beside_it(owner: PersonClient) -> None:
    shop.opened()
    shop.bundled(owner.organization)

    answers = [
        owner.post(CHECKOUT, {"product": "pages", "plan": "team"}),
        owner.post(CHECKOUT, {"product": "pages"}),
    ]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].json()["message"].endswith("Bundle Team covers it.")
    assert not CheckoutSession.objects.exists()
    # What is covered by nobody is.
    assert owner.post(CHECKOUT, {"plan": "hosting-pro"}).status_code == 201


def test_what_was_bought_alone_before_a_bundle_may_be_changed(owner: PersonClient) -> None:
    shop.opened()
    price = Price.objects.get(plan__code="hosting-starter", kind="recurring")
    make.subscription(owner.organization, price.plan, price=price)
    make.subscription(owner.organization, make.plan("all", covers=["hosting"]))

    assert owner.post(CHECKOUT, {"plan": "hosting-pro"}).status_code == 201


def test_add_ons_and_a_coupon_go_with_a_plan(owner: PersonClient) -> None:
    extras.opened()
    extras.coupon()
    body = {"plan": "hosting-pro", "addOns": [{"code": extras.BACKUPS, "quantity": 2}], "coupon": "spring"}

    answer, used = owner.post(CHECKOUT, body), owner.post(CHECKOUT, {"plan": "pages-team", "coupon": "SPRING"})

    assert (answer.status_code, used.status_code) == (201, 201)
    row = CheckoutSession.objects.get(plan__code="hosting-pro")
    assert (row.add_ons.get().quantity, row.coupon_redemption.status, row.status) == (2, "released", "expired")
    CouponRedemption.objects.filter(status="reserved").update(status="redeemed")
    refused = owner.post(CHECKOUT, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "COUPON_USED")
    assert list(refused.json()["details"]) == ["coupon"]


@pytest.mark.usefixtures("_open_shop")
@pytest.mark.parametrize(("product", "said"), [("pages", "sold by agreement"), ("alerts", "has not been published")])
def test_what_cannot_be_bought_here(owner: PersonClient, product: str, said: str) -> None:
    level = "enterprise" if product == "pages" else "team"

    answer = owner.post(CHECKOUT, {"product": product, "plan": level})

    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert said in answer.json()["message"]
    assert not CheckoutSession.objects.exists()


@pytest.mark.parametrize("body", [{}, {"plan": "hosting-pro"}, {"product": "hosting"}])
def test_whoever_has_a_subscription_is_led_to_the_page_that_moves_it_up(body: dict[str, str]) -> None:
    customer = shop.customer("hosting-starter")

    answer = PersonClient(make.person(customer), customer).post(CHECKOUT, body)

    row = CheckoutSession.objects.get(status="open")
    assert answer.status_code == 201
    assert answer.json() == dict.fromkeys(("url", "checkoutUrl"), f"http://127.0.0.1:8000/checkout/{row.pk}")
    assert (row.plan.code, row.subscription, row.provider_session_id) == (
        "hosting-pro",
        Subscription.objects.get(),
        "",
    )


def test_the_plan_that_is_there_already_is_a_conflict() -> None:
    customer = shop.customer("hosting-starter")

    answer = PersonClient(make.person(customer), customer).post(CHECKOUT, {"plan": "hosting-starter"})

    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert CheckoutSession.objects.count() == 1


@pytest.mark.usefixtures("_open_shop")
def test_above_the_highest_plan_there_is_none(owner: PersonClient) -> None:
    make.subscription(owner.organization, make.plan(product=Plan.objects.get(code="hosting-pro").product, rank=9))

    answer = owner.post(CHECKOUT)

    assert answer.status_code == 409
    assert "is the highest plan" in answer.json()["message"]


@pytest.mark.usefixtures("_open_shop")
@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 201), (Role.BILLING, 201), (Role.ADMIN, 403), (Role.MEMBER, 403), (Role.AUDITOR, 403)],
)
def test_who_may_spend_the_organizations_money(organization: Organization, role: Role, status: int) -> None:
    client = PersonClient(make.person(organization, role), organization)

    assert client.post(CHECKOUT, {"plan": "hosting-pro"}).status_code == status
    assert client.post(path_of(organization), {"plan": "hosting-pro"}).status_code == status


@pytest.mark.usefixtures("_open_shop")
def test_a_stranger_finds_no_organization(outsider: PersonClient, organization: Organization) -> None:
    assert outsider.post(path_of(organization), {"plan": "hosting-pro"}).status_code == 404
    assert not CheckoutSession.objects.exists()


def test_a_person_of_no_organization_is_told(anonymous: ApiClient) -> None:
    answer = PersonClient(make.user()).post(CHECKOUT)

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")


def test_nobody_is_asked_who_they_are(anonymous: ApiClient, organization: Organization) -> None:
    assert anonymous.post(CHECKOUT).status_code == 401
    assert anonymous.post(path_of(organization)).status_code == 401


@pytest.mark.usefixtures("_open_shop")
def test_a_provider_that_does_not_answer_is_a_502_and_trying_again_helps(owner: PersonClient) -> None:
    with faults.injected(Fault.TIMEOUT_AFTER, method="POST", path="/v1/checkout", times=3):
        answer = owner.post(CHECKOUT, {"plan": "hosting-pro"})
    assert (answer.status_code, answer.json()["code"]) == (502, "STRIPE_ERROR")
    assert "try again" in answer.json()["message"]

    assert owner.post(CHECKOUT, {"plan": "hosting-pro"}).status_code == 201
    assert CheckoutSession.objects.count() == Record.objects.filter(kind="checkout.session").count() == 1
    assert BillingAccount.objects.count() == 1


@pytest.mark.usefixtures("_open_shop")
def test_a_declined_card_says_why_on_the_page_and_leaves_no_subscription(owner: PersonClient) -> None:
    url = owner.post(CHECKOUT, {"plan": "hosting-pro"}).json()["url"]

    page = Client().post(url.removeprefix("http://127.0.0.1:8000"), CARD, follow=True)
    shop.catch_up()

    assert "Your card was declined." in page.content.decode()
    assert not Subscription.objects.exists()
    assert CheckoutSession.objects.get().status == "open"


# --- Status ---------------------------------------------------------------------------------------------------------
def test_whether_anything_can_be_bought(member: PersonClient, settings: Settings) -> None:
    assert member.get("/api/v1/billing/status").json() == {"enabled": True, "mode": "sandbox"}

    settings.SANDBOX = False
    assert member.get("/api/v1/billing/status").json() == {"enabled": True, "mode": "test"}
    settings.STRIPE_LIVE_MODE = True
    assert member.get("/api/v1/billing/status").json() == {"enabled": True, "mode": "live"}
    settings.STRIPE_SECRET_KEY = ""
    assert member.get("/api/v1/billing/status").json()["enabled"] is False


# --- Staff ----------------------------------------------------------------------------------------------------------
def test_staff_put_the_price_list_on_sale(as_staff: StaffClient) -> None:
    client = as_staff("billing.publish_price")
    make.coupon("SPRING")
    make.coupon("AUTUMN", is_active=False)

    answer = client.post("/api/v1/billing/setup")

    assert (answer.status_code, answer.json()) == (
        200,
        {"published": 11, "refused": [], "coupons": 1, "refusedCoupons": []},
    )
    assert [coupon.code for coupon in Coupon.objects.exclude(provider_coupon_id="")] == ["SPRING"]
    assert Record.objects.filter(kind="price").count() == 11
    assert AuditEvent.objects.filter(action="price.publish", actor_id=str(client.user.pk)).count() == 11
    assert client.post("/api/v1/billing/setup").json() == {
        "published": 0,
        "refused": [],
        "coupons": 0,
        "refusedCoupons": [],
    }


def test_a_price_that_the_provider_refuses_is_told_and_the_others_are_on_sale(as_staff: StaffClient) -> None:
    make.price(make.plan(price_minor=None), amount_minor=10**15, lookup_key="too-much", provider_price_id="")

    answer = as_staff("billing.publish_price").post("/api/v1/billing/setup")

    assert (answer.status_code, answer.json()["published"]) == (200, 11)
    assert [refused["code"] for refused in answer.json()["refused"]] == ["too-much"]
    assert not Price.objects.filter(lookup_key="too-much", is_active=True).exists()


def test_a_coupon_that_the_provider_refuses_is_told_and_the_others_are_published(as_staff: StaffClient) -> None:
    make.coupon("SPRING")
    spring = provider().ensure_coupon(CouponSpec("SPRING", "Another", percent_basis_points=9_900), key="theirs")
    make.coupon("AUTUMN")
    make.coupon("WINTER")

    answer = as_staff("billing.publish_price").post("/api/v1/billing/setup")

    assert (answer.status_code, answer.json()["coupons"]) == (200, 2)
    reason = "The payment provider holds another coupon under 'SPRING': delete it there or rename ours."
    assert answer.json()["refusedCoupons"] == [{"code": spring, "reason": reason}]
    known = Coupon.objects.exclude(provider_coupon_id="").values_list("code", flat=True)
    assert set(known) == {"AUTUMN", "WINTER"}
    assert Coupon.objects.get(code="SPRING").is_active
    assert AuditEvent.objects.filter(action="coupon.publish").count() == 2


def test_setup_takes_no_body(as_staff: StaffClient) -> None:
    answer = as_staff("billing.publish_price").post("/api/v1/billing/setup", {"force": True})

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["force"]
    assert not Record.objects.exists()


def test_a_provider_that_refuses_is_a_502(as_staff: StaffClient) -> None:
    with faults.injected(Fault.RATE_LIMITED, times=3):
        answer = as_staff("billing.publish_price").post("/api/v1/billing/setup")

    assert (answer.status_code, answer.json()["code"]) == (502, "STRIPE_ERROR")
    assert not Price.objects.exclude(provider_price_id="").exists()


@pytest.mark.usefixtures("_open_shop")
def test_staff_see_what_is_on_sale(as_staff: StaffClient) -> None:
    answer = as_staff("billing.view_plan").get("/api/v1/billing/products?pageSize=2")

    found = answer.json()
    assert answer.status_code == 200
    assert found["meta"] == {"page": 1, "pageSize": 2, "total": 5}
    hosting = found["items"][0]
    assert (hosting["code"], [plan["code"] for plan in hosting["plans"]]) == (
        "hosting",
        ["hosting-starter", "hosting-pro", "hosting-enterprise"],
    )
    price = next(price for price in hosting["plans"][1]["prices"] if price["kind"] == "recurring")
    assert (price["amountMinor"], price["currency"], price["interval"]) == (12_900, "USD", "month")
    assert (price["scheme"], price["packageSize"], price["tiers"]) == ("per_unit", None, None)
    assert price["providerPriceId"].startswith("price_")


@pytest.mark.parametrize(("method", "path"), [("post", "setup"), ("get", "products")])
def test_customers_do_not_set_up_shop(owner: PersonClient, method: str, path: str) -> None:
    assert getattr(owner, method)(f"/api/v1/billing/{path}").status_code == 403
