"""`GET /internal/payments/purchases`."""

from billing.models import Purchase
from tests import make
from tests.billing import selling

PATH = "/internal/payments/purchases"


def test_a_purchase_tells_what_was_bought() -> None:
    session = selling.sold()
    purchase = Purchase.objects.get()

    body = selling.service().get(PATH + "?consumerKey=funnel&consumerTenantId=tenant_123").json()

    assert body["meta"] == {"page": 1, "pageSize": 25, "total": 1}
    assert body["items"] == [
        {
            "id": str(purchase.pk),
            "organizationId": str(session.organization_id),
            "consumerKey": "funnel",
            "consumerTenantId": "tenant_123",
            "kind": "subscription",
            "productCode": "pages",
            "planCode": "pages-team",
            "pricingItemCode": selling.CODE,
            "quantity": 1,
            "currency": "USD",
            "amountMinor": 6_500,
            "subscriptionId": str(purchase.subscription_id),
            "checkoutSessionId": str(session.pk),
            "externalId": "",
            "purchasedAt": f"{purchase.purchased_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        }
    ]


def test_purchases_are_filtered() -> None:
    first, second = make.purchase(), make.purchase()
    service = selling.service()

    def ids(query: str) -> list[str]:
        return [each["id"] for each in service.get(PATH + query).json()["items"]]

    assert ids(f"?organizationId={first.organization_id}") == [str(first.pk)]
    assert ids(f"?pricingItemCode={second.price.lookup_key}") == [str(second.pk)]
    assert ids("?kind=one_off") == []
    assert ids("?since=2026-01-01T00:00:00Z&until=2026-01-01T00:00:01Z") == [str(second.pk), str(first.pk)]
    assert ids("?until=2026-01-01T00:00:00Z") == []
    assert service.get(PATH + "?since=yesterday").status_code == 400
