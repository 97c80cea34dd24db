"""`GET /internal/payments/providers`."""

from tests.billing import selling


def test_the_provider_tells_what_it_can_do() -> None:
    answer = selling.service().get("/internal/payments/providers")

    (item,) = answer.json()["items"]
    assert answer.status_code == 200
    assert (item["key"], item["name"], item["methods"]) == ("stripe", "Stripe", ["card", "bank_debit"])
    assert {"EUR", "USD"} <= set(item["currencies"])
    assert (item["features"]["subscriptions"], item["features"]["oneOffPayments"]) == (True, True)
