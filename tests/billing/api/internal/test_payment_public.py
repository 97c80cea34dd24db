"""`GET /internal/payments/public/pricing-items`."""

from billing.models import Price
from tests.billing import selling

PATH = "/internal/payments/public/pricing-items"


def test_only_what_can_be_bought_is_shown() -> None:
    selling.funnel()
    service = selling.service()

    def codes(query: str = "?active=true") -> set[str]:
        answer = service.get(PATH + query)
        assert answer.status_code == 200, answer.content
        return {each["code"] for each in answer.json()["items"]}

    assert selling.CODE in codes()
    assert selling.CODE not in codes("?active=false")
    assert codes() == codes("")
    Price.objects.filter(lookup_key=selling.CODE).update(provider_price_id="")
    assert selling.CODE not in codes()
