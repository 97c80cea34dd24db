"""Whatever happens to an answer, asking again with the same key acts once: no customer, page or charge twice."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from billing.providers.protocol import CouponSpec, CreditNoteSpec, ProviderError, RefundSpec, SetupSpec
from billing.providers.sandbox.faults import Fault, injected
from billing.providers.sandbox.models import Record
from tests.billing.providers.contract.side import Side
from tests.billing.providers.contract.test_changes import TOP, upgrade
from tests.billing.providers.contract.test_customers import purchase
from tests.billing.providers.contract.test_money_back import bought

# Something to do, made ready: called twice it is the same request.
Ready = Callable[[Side], Callable[[], object]]


def _customer(side: Side) -> Callable[[], object]:
    return lambda: side.provider.ensure_customer(
        organization_id="o1", name="Bakery", email="b@bakery.test", key=side.key("k")
    )


def _checkout(side: Side) -> Callable[[], object]:
    spec = replace(purchase(side), mode="subscription", price_id=side.price())
    return lambda: side.provider.open_checkout(spec, key=side.key("k"))


def _purchase(side: Side) -> Callable[[], object]:
    spec = purchase(side)
    return lambda: side.provider.open_checkout(spec, key=side.key("k"))


def _setup(side: Side) -> Callable[[], object]:
    spec = SetupSpec("c1", side.customer(), "usd", "https://shop.test/done", "https://shop.test/back")
    return lambda: side.provider.open_setup(spec, key=side.key("k"))


def _coupon(side: Side) -> Callable[[], object]:
    spec = CouponSpec("TEN", "A tenth", percent_basis_points=1_000)
    return lambda: side.provider.ensure_coupon(spec, key=side.key("k"))


def _prices(side: Side) -> Callable[[], object]:
    return lambda: side.provider.ensure_prices([TOP])


def _default(side: Side) -> Callable[[], object]:
    customer = side.customer()
    method = side.provider.attach_payment_method("pm_card_mastercard", customer, key=side.key("attach"))
    return lambda: side.provider.set_default_payment_method(customer, method.id, key=side.key("k"))


def _detach(side: Side) -> Callable[[], object]:
    (method,) = side.provider.payment_methods_of(side.customer())
    return lambda: side.provider.detach_payment_method(method.id, key=side.key("k"))


def _change(side: Side) -> Callable[[], object]:
    spec = upgrade(side, side.subscribed(side.customer()))
    return lambda: side.provider.change_subscription(spec, key=side.key("k")).price_id


def _schedule(side: Side) -> Callable[[], object]:
    spec = upgrade(side, side.subscribed(side.customer()))
    return lambda: side.provider.schedule_change(spec, key=side.key("k"))


def _end(side: Side) -> Callable[[], object]:
    fact = side.subscribed(side.customer())
    return lambda: side.provider.cancel_subscription(fact.id, at_period_end=False, key=side.key("k"))


def _end_later(side: Side) -> Callable[[], object]:
    fact = side.subscribed(side.customer())
    return lambda: side.provider.cancel_subscription(fact.id, at_period_end=True, key=side.key("k"))


def _pause(side: Side) -> Callable[[], object]:
    fact = side.subscribed(side.customer())
    return lambda: side.provider.pause_subscription(fact.id, key=side.key("k"))


def _item(side: Side) -> Callable[[], object]:
    spec = side.item(side.customer())
    return lambda: side.provider.add_invoice_item(spec, key=side.key("k"))


def _pay(side: Side) -> Callable[[], object]:
    fact = side.subscribed(side.customer())
    side.provider.add_invoice_item(side.item(fact.customer_id), key=side.key("item"))
    draft = side.provider.create_invoice(customer_id=fact.customer_id, subscription_id=fact.id, key=side.key("draft"))
    side.provider.finalize_invoice(draft.id, key=side.key("final"))
    return lambda: side.provider.pay_invoice(draft.id, key=side.key("k"))


def _refund(side: Side) -> Callable[[], object]:
    spec = RefundSpec(bought(side)[1].id, 100)
    return lambda: side.provider.refund(spec, key=side.key("k"))


def _credit(side: Side) -> Callable[[], object]:
    spec = CreditNoteSpec(bought(side)[0].id, 300, refund_minor=100, credit_minor=200)
    return lambda: side.provider.credit_invoice(spec, key=side.key("k"))


READY: dict[str, Ready] = {
    "customer": _customer,
    "checkout": _checkout,
    "purchase": _purchase,
    "setup": _setup,
    "coupon": _coupon,
    "prices": _prices,
    "default": _default,
    "detach": _detach,
    "change": _change,
    "schedule": _schedule,
    "end": _end,
    "end later": _end_later,
    "pause": _pause,
    "item": _item,
    "pay": _pay,
    "refund": _refund,
    "credit": _credit,
}


def kinds() -> dict[str, int]:
    """How many objects of each kind there are: what would be there twice shows here."""
    found: dict[str, int] = {}
    for kind in Record.objects.values_list("kind", flat=True):
        found[kind] = found.get(kind, 0) + 1
    return found


@pytest.mark.parametrize("fault", list(Fault), ids=[fault.name for fault in Fault])
@pytest.mark.parametrize("name", READY)
def test_what_was_not_answered_is_asked_again_and_done_once(sandbox: Side, name: str, fault: Fault) -> None:
    act = READY[name](sandbox)
    # The library tries three times by itself. A deletion has no key at Stripe: it is found done.
    with injected(fault, method="DELETE" if name == "end" else "POST", times=3), pytest.raises(ProviderError):
        act()

    done = act()

    after = kinds()
    assert act() == done
    assert kinds() == after


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.SERVER_ERROR])
def test_a_fault_now_and_then_is_not_even_noticed(sandbox: Side, fault: Fault) -> None:
    """But for 429: the library leaves waiting to whoever wanted it."""
    act = _pay(sandbox)

    with injected(fault, method="POST", path="/v1/invoices", times=1) as met:
        act()

    assert met.struck == 1
    assert Record.objects.filter(kind="charge", status="succeeded").count() == 2
