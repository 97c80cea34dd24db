"""What was bought, once for each completed checkout."""

from billing.models import Purchase, Subscription
from billing.services import schemes
from tests import make
from tests.billing import shop
from tests.billing.providers.sandbox.shop import client


def test_whoever_buys_has_a_purchase() -> None:
    organization = shop.customer()
    shop.catch_up()

    purchase = Purchase.objects.get()

    assert purchase.organization == organization
    assert (purchase.subscription, purchase.consumer_tenant) == (Subscription.objects.get(), None)
    assert (purchase.kind, purchase.quantity, purchase.currency) == ("subscription", 1, "usd")
    assert purchase.amount_minor == purchase.price.amount_minor
    assert purchase.checkout is not None
    assert purchase.purchased_at == purchase.checkout.completed_at


def test_a_purchase_is_of_what_was_bought_whatever_it_became_before_we_heard_of_it() -> None:
    """The news of a change may come before those of the purchase."""
    shop.opened()
    shop.bought(make.organization(), "pages-team")
    subscription = client().v1.subscriptions.list().data[0]
    item = subscription["items"].data[0]
    client().v1.subscriptions.update(subscription.id, {"items": [{"id": item.id, "quantity": 3}]})
    shop.catch_up()

    assert Subscription.objects.get().quantity == 3
    assert Purchase.objects.values_list("quantity", "amount_minor").get() == (1, 6_500)


def test_so_many_cost_so_much() -> None:
    assert schemes.amount_of(make.plan().prices.get(), 3) == 8_700
