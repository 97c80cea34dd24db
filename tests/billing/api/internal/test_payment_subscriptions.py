"""`GET /internal/payments/subscriptions`."""

from billing.models import Subscription
from tests import make
from tests.billing import selling

PATH = "/internal/payments/subscriptions"


def test_subscriptions_are_listed_and_filtered() -> None:
    tenant = make.consumer_tenant(make.consumer("funnel"), external_id="t1")
    ours = make.subscription(tenant.organization, consumer_tenant=tenant)
    other = make.subscription(status=Subscription.Status.CANCELED)
    service = selling.service()

    def ids(query: str = "") -> list[str]:
        answer = service.get(PATH + query)
        assert answer.status_code == 200, answer.content
        return [each["id"] for each in answer.json()["items"]]

    assert ids() == [str(other.pk), str(ours.pk)]
    assert ids("?consumerKey=funnel") == [str(ours.pk)]
    assert ids("?consumerKey=funnel&consumerTenantId=t2") == []
    assert ids(f"?organizationId={other.organization_id}") == [str(other.pk)]
    assert ids(f"?planCode={ours.plan.code}&productCode={ours.plan.product.code}") == [str(ours.pk)]
    assert ids("?status=canceled") == [str(other.pk)]
    assert ids("?pageSize=1&page=2") == [str(ours.pk)]
    shown = service.get(PATH + "?consumerTenantId=t1").json()["items"][0]
    assert (shown["consumerKey"], shown["consumerTenantId"], shown["quantity"]) == ("funnel", "t1", 1)
    assert service.get(PATH + "?status=gone").status_code == 400
    assert service.get(PATH + "?tenant=1").status_code == 400
