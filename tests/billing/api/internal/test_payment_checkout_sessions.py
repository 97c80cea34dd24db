"""`/internal/payments/checkout-sessions`: a consumer's tenant buys."""

from typing import Any

import pytest

from billing.models import CheckoutSession, Consumer, ConsumerTenant, Plan, Price, Purchase, Subscription
from billing.providers.sandbox.checkout import Payer, pay
from billing.providers.sandbox.models import Record
from orgs.models import Membership, Organization
from platform_core.models import AuditEvent, IdempotentRequest
from tests import make
from tests.billing import extras, selling, shop
from tests.billing.selling import BODY
from tests.clients import ApiClient

PATH = "/internal/payments/checkout-sessions"


@pytest.fixture
def consumer() -> Consumer:
    return selling.funnel()


@pytest.fixture
def service() -> ApiClient:
    return selling.service()


def fields_of(answer: Any) -> list[str]:
    assert answer.status_code == 400, answer.content
    return sorted(answer.json()["details"])


def test_a_new_tenant_becomes_an_organization_and_gets_a_page(consumer: Consumer, service: ApiClient) -> None:
    answer = service.post(PATH, BODY)

    assert answer.status_code == 201, answer.content
    row, tenant, organization = CheckoutSession.objects.get(), ConsumerTenant.objects.get(), Organization.objects.get()
    body = answer.json()
    assert body == {
        "checkoutSessionId": str(row.pk),
        "providerKey": "stripe",
        "providerCheckoutSessionId": row.provider_session_id,
        "url": row.url,
        "status": "open",
        "pricingItemCode": selling.CODE,
        "quantity": 1,
        "addOns": [],
        "coupon": None,
        "trialDays": 0,
        "consumerKey": "funnel",
        "consumerTenantId": "tenant_123",
        "organizationId": str(organization.pk),
        "purchaseId": None,
        "subscriptionId": None,
        "createdAt": body["createdAt"],
        "completedAt": None,
    }
    assert (tenant.consumer, tenant.organization, tenant.name) == (consumer, organization, "Demo")
    assert (tenant.legal_name, tenant.billing_email) == ("Demo SRL", "billing@example.test")
    assert (organization.name, organization.billing_email) == ("Demo", "billing@example.test")
    assert not Membership.ALL.exists()
    told = AuditEvent.objects.filter(action__in=["organization.create", "consumer_tenant.create"])
    assert {(event.actor_type, event.actor_label) for event in told} == {("token", "consumer funnel")}


def test_add_ons_a_coupon_and_the_trial_of_the_plan_go_with_it(service: ApiClient) -> None:
    extras.opened()
    extras.coupon()
    make.consumer("funnel")
    wanted = {"addOns": [{"code": extras.DOMAINS, "quantity": 2}], "coupon": "spring"}

    body = service.post(PATH, BODY | wanted).json()

    assert (body["addOns"], body["coupon"], body["trialDays"]) == (wanted["addOns"], "SPRING", 14)
    pay(body["providerCheckoutSessionId"], Payer(email="billing@example.test"))
    shop.catch_up()
    subscription = Subscription.objects.get()
    assert (subscription.status, subscription.add_ons.get().quantity) == ("trialing", 2)
    assert Purchase.objects.get().amount_minor == 6_500 + 2 * 500


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"coupon": "NONE"}, "coupon"),
        ({"addOns": [{"code": extras.BACKUPS}]}, "addOns"),
        ({"addOns": [{"code": "x", "quantity": -1}]}, "addOns.0.quantity"),
    ],
)
def test_what_cannot_go_with_it_is_named_and_leaves_no_tenant(
    consumer: Consumer, service: ApiClient, change: dict[str, Any], field: str
) -> None:
    assert fields_of(service.post(PATH, BODY | change)) == [field]
    assert not ConsumerTenant.objects.exists()
    assert not Organization.objects.exists()


def test_an_add_on_is_not_sold_by_itself(service: ApiClient) -> None:
    extras.opened()
    make.consumer("funnel")
    code = extras.price(extras.DOMAINS).lookup_key

    answer = service.post(PATH, BODY | {"pricingItemCode": code})

    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert not CheckoutSession.objects.exists()


def test_paying_makes_the_tenant_s_subscription_and_purchase(consumer: Consumer, service: ApiClient) -> None:
    made = service.post(PATH, BODY | {"quantity": 3}).json()
    pay(made["providerCheckoutSessionId"], Payer(email="billing@example.test"))
    shop.catch_up()

    body = service.get(f"{PATH}/{made['providerCheckoutSessionId']}").json()
    subscription, purchase = Subscription.objects.get(), Purchase.objects.get()
    tenant = ConsumerTenant.objects.get()
    assert (body["status"], body["url"]) == ("completed", "")
    assert (body["purchaseId"], body["subscriptionId"]) == (str(purchase.pk), str(subscription.pk))
    assert (subscription.consumer_tenant, subscription.quantity, subscription.status) == (tenant, 3, "active")
    assert subscription.organization == tenant.organization
    assert (purchase.consumer_tenant, purchase.kind, purchase.amount_minor) == (tenant, "subscription", 3 * 6_500)
    assert not Membership.ALL.exists()


def test_asking_again_is_led_to_the_same_page(consumer: Consumer, service: ApiClient) -> None:
    first, second = service.post(PATH, BODY).json(), service.post(PATH, BODY).json()

    assert first == second
    assert Record.objects.filter(kind="checkout.session").count() == 1
    assert Organization.objects.count() == 1


def test_a_key_makes_it_act_once(consumer: Consumer, service: ApiClient) -> None:
    first = service.post(PATH, BODY, headers={"Idempotency-Key": "one"})
    again = service.post(PATH, BODY, headers={"Idempotency-Key": "one"})
    other = service.post(PATH, BODY | {"quantity": 2}, headers={"Idempotency-Key": "one"})

    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert other.status_code == 422
    assert CheckoutSession.objects.count() == 1
    assert IdempotentRequest.objects.count() == 1


def test_a_known_tenant_needs_no_name_and_what_is_new_of_it_is_kept(consumer: Consumer, service: ApiClient) -> None:
    tenant = make.consumer_tenant(consumer, external_id="tenant_123")
    known = {name: value for name, value in BODY.items() if name not in ("tenantName", "legalName", "billingEmail")}

    assert service.post(PATH, known).status_code == 201
    assert service.post(PATH, known | {"legalName": "Demo SpA"}).status_code == 201

    tenant.refresh_from_db()
    assert (tenant.name, tenant.legal_name) == ("Demo", "Demo SpA")
    assert AuditEvent.objects.get(action="consumer_tenant.update").changes == {"legal_name": ["", "Demo SpA"]}


def test_what_is_missing_or_wrong_is_named(consumer: Consumer, service: ApiClient) -> None:
    unnamed = {name: value for name, value in BODY.items() if name not in ("tenantName", "billingEmail")}

    assert fields_of(service.post(PATH, unnamed)) == ["billingEmail", "tenantName"]
    assert fields_of(service.post(PATH, {})) == [
        "cancelUrl",
        "consumerKey",
        "consumerTenantId",
        "pricingItemCode",
        "providerKey",
        "successUrl",
    ]
    for name, value in (
        ("providerKey", "paypal"),
        ("pricingItemCode", "nothing"),
        ("consumerKey", "nobody"),
        ("consumerTenantId", "a/b"),
        ("consumerTenantId", ""),
        ("billingEmail", "nobody"),
        ("successUrl", "javascript:alert(1)"),
        ("quantity", 0),
        ("quantity", 10_001),
        ("coupons", "X"),
    ):
        assert fields_of(service.post(PATH, BODY | {name: value})) == [name], name
    assert not CheckoutSession.objects.exists()
    assert not Organization.objects.exists()


def test_what_cannot_be_bought_is_refused(consumer: Consumer, service: ApiClient) -> None:
    server = service.post(PATH, BODY | {"pricingItemCode": "hosting-pro-month-usd"})
    assert (server.status_code, server.json()["code"]) == (409, "CONFLICT")
    Price.objects.filter(lookup_key=selling.CODE).update(provider_price_id="")
    assert service.post(PATH, BODY).status_code == 409
    Plan.objects.filter(code="pages-team").update(status=Plan.Status.ARCHIVED)
    assert fields_of(service.post(PATH, BODY)) == ["pricingItemCode"]
    Consumer.objects.update(status=Consumer.Status.SUSPENDED)
    assert service.post(PATH, BODY).status_code == 403
    assert not CheckoutSession.objects.exists()


def test_a_second_subscription_to_a_product_is_refused(service: ApiClient) -> None:
    selling.sold()

    assert service.post(PATH, BODY).status_code == 409
    assert CheckoutSession.objects.count() == 1


def test_a_person_s_own_checkout_is_no_consumer_s(consumer: Consumer, service: ApiClient) -> None:
    row = shop.checkout(make.organization(), "pages-team")

    assert service.get(f"{PATH}/{row.provider_session_id}").status_code == 404
    assert service.get(f"{PATH}/nothing").status_code == 404


def test_without_the_token_nothing_is_told(consumer: Consumer, anonymous: ApiClient) -> None:
    assert anonymous.post(PATH, BODY).status_code == 401
    assert anonymous.get(f"{PATH}/cs_1").status_code == 401


@pytest.mark.usefixtures("consumer")
def test_what_a_bundle_of_the_tenants_covers_is_not_sold_to_it(service: ApiClient) -> None:
    assert service.post(PATH, BODY).status_code == 201
    shop.bundled(Organization.objects.get())

    answer = service.post(PATH, BODY)

    assert (answer.status_code, answer.json()["message"]) == (409, "Demo has Pages already: Bundle Team covers it.")
    assert CheckoutSession.objects.count() == 1
