"""`GET /internal/payments/tenants/{consumerTenantId}/plan-status`."""

from billing.models import Subscription
from platform_core import clock
from tests import make
from tests.billing import selling

PATH = "/internal/payments/tenants/{}/plan-status"


def test_a_tenant_that_bought_has_access() -> None:
    session = selling.sold()
    subscription = Subscription.objects.get()

    body = selling.service().get(PATH.format("tenant_123")).json()

    listed = body.pop("subscriptions")
    assert body == {
        "consumerKey": "funnel",
        "consumerTenantId": "tenant_123",
        "organizationId": str(session.organization_id),
        "hasAccess": True,
        "status": "active",
        "planCode": "pages-team",
        "productCode": "pages",
        "pricingItemCode": selling.CODE,
        "tier": "Team",
        "features": body["features"],
        "entitlements": [],
        "productCodes": ["pages"],
        "currentPeriodEnd": f"{subscription.current_period_end:%Y-%m-%dT%H:%M:%S.%fZ}",
        "cancelAtPeriodEnd": False,
    }
    assert [each["id"] for each in listed] == [str(subscription.pk)]
    assert listed[0]["consumerTenantId"] == "tenant_123"


def test_what_is_suspended_gives_no_access() -> None:
    selling.sold()
    Subscription.objects.update(status="past_due", suspended_at=clock.now())

    body = selling.service().get(PATH.format("tenant_123")).json()

    told = (body["hasAccess"], body["status"], body["planCode"], body["productCodes"])
    assert told == (False, "past_due", "pages-team", [])


def test_a_tenant_that_never_bought_has_none() -> None:
    make.consumer_tenant(external_id="a.b:c@d")

    body = selling.service().get(PATH.format("a.b:c@d")).json()

    assert (body["hasAccess"], body["status"], body["planCode"], body["subscriptions"]) == (False, "none", None, [])


def test_whose_tenant_is_meant_must_be_said_where_two_know_one() -> None:
    one = make.consumer_tenant(make.consumer("one"), external_id="t")
    make.consumer_tenant(make.consumer("two"), external_id="t")
    service = selling.service()

    unsaid = service.get(PATH.format("t"))
    said = service.get(PATH.format("t") + "?consumerKey=one")

    assert (unsaid.status_code, sorted(unsaid.json()["details"])) == (400, ["consumerKey"])
    assert said.json()["organizationId"] == str(one.organization_id)
    assert service.get(PATH.format("t") + "?consumerKey=three").status_code == 400
    assert service.get(PATH.format("u")).status_code == 404
    assert service.get(PATH.format("t") + "?other=1").status_code == 400


def test_what_another_consumer_sold_is_not_told_and_what_the_organization_bought_is() -> None:
    organization = make.organization()
    ours = make.consumer_tenant(make.consumer("one"), organization, external_id="t")
    theirs = make.consumer_tenant(make.consumer("two"), organization, external_id="t2")
    make.subscription(organization, consumer_tenant=theirs)
    service = selling.service()
    assert service.get(PATH.format("t")).json()["hasAccess"] is False

    own = make.subscription(organization, status="past_due")
    ended = make.subscription(organization, consumer_tenant=ours, status="canceled")
    body = service.get(PATH.format("t")).json()

    assert (body["hasAccess"], body["status"]) == (True, "past_due")
    assert [each["id"] for each in body["subscriptions"]] == [str(own.pk), str(ended.pk)]
    only = service.get(PATH.format("t") + f"?productCode={ended.plan.product.code}").json()
    assert (only["status"], only["hasAccess"]) == ("canceled", False)
