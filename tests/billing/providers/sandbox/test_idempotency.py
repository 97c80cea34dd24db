"""A key acts once."""

from datetime import timedelta

import pytest
import stripe

from billing.providers.sandbox import idempotency
from billing.providers.sandbox.engine import Engine
from billing.providers.sandbox.errors import KeyInUse
from billing.providers.sandbox.models import IdempotencyKey, Record
from platform_core import clock
from tests.billing.providers.sandbox import shop

PATH = "/v1/customers"


def test_the_same_request_again_gives_the_same_answer_and_acts_once() -> None:
    api = shop.client().v1

    first = api.customers.create({"email": "a@b.test"}, {"idempotency_key": "once"})
    again = api.customers.create({"email": "a@b.test"}, {"idempotency_key": "once"})

    assert again.id == first.id
    assert Record.objects.filter(kind="customer").count() == 1
    assert shop.events() == ["customer.created"]
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"


def test_the_key_is_told_in_the_event() -> None:
    shop.client().v1.customers.create({}, {"idempotency_key": "once"})

    (event,) = shop.client().v1.events.list().data
    assert event["request"].idempotency_key == "once"


@pytest.mark.parametrize("path", [PATH, "/v1/products"])
def test_the_same_key_for_something_else_is_refused(path: str) -> None:
    headers = {"Idempotency-Key": "once"}
    Engine().request("POST", PATH, {"name": "Ann"}, headers)

    answer = Engine().request("POST", path, {"name": "Bea"}, headers)

    assert (answer.status, answer.body["error"]["type"]) == (400, "idempotency_error")
    with pytest.raises(stripe.IdempotencyError):
        shop.client().v1.customers.create({"name": "Bea"}, {"idempotency_key": "once"})
    assert Record.objects.filter(kind="customer").count() == 1


def test_while_the_first_request_runs_the_key_is_in_use() -> None:
    print_ = idempotency.fingerprint("POST", PATH, {})
    idempotency.reserve("once", print_, "req_first")

    answer = Engine().request("POST", PATH, {}, {"Idempotency-Key": "once"})

    assert (answer.status, answer.body["error"]["code"]) == (409, "idempotency_key_in_use")
    assert not Record.objects.exists()


def test_the_key_of_a_process_that_died_lapses() -> None:
    print_ = idempotency.fingerprint("POST", PATH, {})
    idempotency.reserve("once", print_, "req_first")
    IdempotencyKey.objects.update(locked_until=clock.wall() - timedelta(seconds=1))

    assert Engine().request("POST", PATH, {}, {"Idempotency-Key": "once"}).status == 200
    assert IdempotencyKey.objects.get().status == 200


def test_a_request_that_was_refused_leaves_its_key_free() -> None:
    api = shop.client().v1
    options: stripe.RequestOptions = {"idempotency_key": "once"}
    with pytest.raises(stripe.InvalidRequestError):
        api.invoices.create({"customer": "cus_none"}, options)
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.create({"email": "nobody"}, options)

    assert api.customers.create({"email": "a@b.test"}, options).email == "a@b.test"


def test_a_declined_card_is_an_answer_that_is_kept() -> None:
    customer = shop.customer("chargeCustomerFail")
    api = shop.client().v1
    api.invoice_items.create({"customer": customer.id, "amount": 100, "currency": "usd"})
    invoice = api.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})

    for _ in range(2):
        with pytest.raises(stripe.CardError, match="declined"):
            api.invoices.pay(invoice.id, {}, {"idempotency_key": "pay"})

    assert api.invoices.retrieve(invoice.id).attempt_count == 1
    assert shop.events().count("charge.failed") == 1


def test_a_key_is_forgotten_after_a_day() -> None:
    api = shop.client().v1
    first = api.customers.create({}, {"idempotency_key": "once"})
    IdempotencyKey.objects.update(created_at=clock.wall() - timedelta(hours=25))

    assert api.customers.create({}, {"idempotency_key": "once"}).id != first.id


def test_reading_and_deleting_need_no_key() -> None:
    customer = Engine().request("POST", PATH).body

    answer = Engine().request("DELETE", f"{PATH}/{customer['id']}", {}, {"Idempotency-Key": "ignored"})

    assert answer.status == 200
    assert not IdempotencyKey.objects.exists()


def test_a_fault_of_the_sandbox_does_not_free_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*args: object, **kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr(idempotency, "keep", crash)
    with pytest.raises(MemoryError):
        Engine().request("POST", PATH, {}, {"Idempotency-Key": "once"})

    assert not Record.objects.exists()
    with pytest.raises(KeyInUse):
        idempotency.reserve("once", IdempotencyKey.objects.get().fingerprint, "req_second")
