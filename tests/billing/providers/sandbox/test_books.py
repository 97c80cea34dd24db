"""The sandbox commits by itself: what we roll back on our side stays done there."""

import pytest
from django.db import transaction

from billing.providers.sandbox import books
from billing.providers.sandbox.books import difference
from billing.providers.sandbox.errors import NoSuchObject
from billing.providers.sandbox.models import Delivery, IdempotencyKey, Record
from billing.providers.sandbox.router import ALIAS
from billing.providers.sandbox.shapes import Json
from orgs.models import Product
from tests import make
from tests.billing.providers.sandbox import shop


class Undone(Exception):
    """Our side gives up."""


@pytest.mark.django_db(transaction=True)
def test_what_stripe_did_survives_our_rollback() -> None:
    made = []

    @transaction.atomic
    def give_up_half_way() -> None:
        make.product()
        made.append(shop.client().v1.customers.create({"email": "a@b.test"}, {"idempotency_key": "once"}).id)
        raise Undone

    with pytest.raises(Undone):
        give_up_half_way()

    assert not Product.objects.exists()
    (customer_id,) = made
    assert shop.client().v1.customers.retrieve(customer_id).email == "a@b.test"
    assert shop.client().v1.customers.create({"email": "a@b.test"}, {"idempotency_key": "once"}).id == customer_id
    assert Delivery.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_sandbox_never_joins_a_transaction_of_its_callers() -> None:
    with transaction.atomic(using=ALIAS), pytest.raises(RuntimeError, match="durable"):
        shop.client().v1.customers.create({})


@pytest.mark.django_db(transaction=True)
def test_a_crash_in_the_middle_of_a_request_leaves_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    session = shop.checkout_session()
    before = Record.objects.count()
    real, written = Record.hold, []

    def crash_at_twelfth(record: Record, obj: Json) -> None:
        written.append(record.object_id)
        if len(written) == 12:
            raise KeyboardInterrupt
        real(record, obj)

    monkeypatch.setattr(Record, "hold", crash_at_twelfth)
    with pytest.raises(KeyboardInterrupt):
        shop.pay(session)
    monkeypatch.undo()

    assert Record.objects.count() == before
    assert shop.pay(session)["status"] == "complete"
    assert shop.events().count("charge.succeeded") == 1


def test_a_declined_card_is_committed_with_its_answer() -> None:
    session = shop.checkout_session()

    with pytest.raises(Exception, match="insufficient funds"):
        shop.pay(session, shop.NO_FUNDS)

    assert shop.events()[-3:] == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]


def test_what_is_gone_is_gone() -> None:
    with books.writing() as account, pytest.raises(NoSuchObject):
        account.get("customer", "cus_none")
    assert books.Books(0, books.CLOCK).find("customer", "cus_none") is None


def test_a_deleted_object_can_be_looked_at_but_not_used() -> None:
    customer = shop.customer("")
    shop.client().v1.customers.delete(customer.id)

    with books.reading() as account:
        assert account.get("customer", customer.id) == {"id": customer.id, "object": "customer", "deleted": True}
        with pytest.raises(NoSuchObject):
            account.get("customer", customer.id, "customer")


def test_what_is_read_is_a_copy() -> None:
    customer = shop.customer("")
    with books.reading() as account:
        account.get("customer", customer.id)["metadata"]["a"] = "1"

        assert account.get("customer", customer.id)["metadata"] == {}


def test_difference_gives_the_values_that_were() -> None:
    before = {"a": 1, "b": {"c": 2, "d": 3}, "e": [1], "f": None}
    after = {"a": 1, "b": {"c": 9, "d": 3}, "e": [2], "f": {"g": 1}, "h": 7}

    assert difference(before, after) == {"b": {"c": 2}, "e": [1], "f": None, "h": None}


def test_rows_have_names() -> None:
    shop.client().v1.customers.create({}, {"idempotency_key": "once"})

    assert str(Record.objects.get(kind="customer")).startswith("cus_")
    assert str(IdempotencyKey.objects.get()) == "once"
    assert str(Delivery.objects.get()).endswith("(0)")
