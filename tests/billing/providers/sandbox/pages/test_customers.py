"""A customer at the desk: another card, an open invoice paid."""

from datetime import timedelta

from django.test import Client

from billing.providers.sandbox import clock
from tests.billing.providers.sandbox import shop


def address(customer_id: object, action: str = "") -> str:
    return f"/sandbox/customers/{customer_id}{action}"


def test_it_shows_card_subscriptions_and_invoices() -> None:
    customer = shop.customer(balance=-700)
    subscription = shop.subscription(to=customer)
    shop.client().v1.invoices.create({"customer": customer.id})

    page = Client().get(address(customer.id)).content.decode()

    for text in ("Ann", "ann@acme.test", "<strong>Visa ending in 4242</strong>", subscription.id, "$65.00", "Draft"):
        assert text in page
    assert "Renews" in page


def test_without_a_card() -> None:
    page = Client().get(address(shop.customer("").id)).content.decode()

    assert "No card is charged" in page
    assert page.count("None.") == 3


def test_subscriptions_that_end_or_are_over() -> None:
    customer = shop.customer()
    shop.subscription(to=customer, cancel_at_period_end=True)
    shop.client().v1.subscriptions.cancel(shop.subscription(to=customer).id)

    page = Client().get(address(customer.id)).content.decode()

    assert "Ends " in page
    assert "Ended " in page


def card_of(subscription_id: str) -> str:
    return str(shop.client().v1.subscriptions.retrieve(subscription_id).default_payment_method)


def test_a_replaced_card_is_charged_from_then_on() -> None:
    done = shop.pay(shop.checkout_session())
    owner = shop.client().v1.customers.retrieve(done["customer"])
    first_card = card_of(done["subscription"])
    over = shop.subscription(to=owner, default_payment_method=first_card)
    shop.client().v1.subscriptions.cancel(over.id)
    client = Client()

    response = client.post(address(owner.id, "/card"), {"card": "chargeCustomerFail"})
    page = client.get(response["Location"]).content.decode()
    clock.advance(by=timedelta(days=32))

    assert "The card was replaced" in page
    assert "ending in 0341" in page
    assert shop.client().v1.subscriptions.retrieve(done["subscription"]).status == "past_due"
    assert card_of(over.id) == first_card


def test_a_card_that_the_bank_does_not_save_changes_nothing() -> None:
    customer = shop.customer()
    client = Client()

    response = client.post(address(customer.id, "/card"), {"card": "visa_chargeDeclined"})
    page = client.get(response["Location"]).content.decode()

    assert "refused to save this card: Your card was declined." in page
    assert "ending in 4242" in page
    assert client.post(address(customer.id, "/card"), {"card": "none"}).status_code == 404


def test_an_open_invoice_is_paid_with_the_present_card() -> None:
    customer = shop.customer()
    subscription = shop.subscription(to=customer)
    client = Client()
    client.post(address(customer.id, "/card"), {"card": "chargeCustomerFail"})
    clock.advance(by=timedelta(days=32))
    unpaid = shop.invoices(subscription.id)[-1]
    assert "Pay $65.00" in client.get(address(customer.id)).content.decode()

    refused = client.post(f"/sandbox/invoices/{unpaid.id}/pay", follow=True).content.decode()
    client.post(address(customer.id, "/card"), {"card": "visa"})
    paid = client.post(f"/sandbox/invoices/{unpaid.id}/pay")
    again = client.post(f"/sandbox/invoices/{unpaid.id}/pay", follow=True).content.decode()

    assert "Your card was declined." in refused
    assert paid["Location"] == f"{address(customer.id)}#{unpaid.id}"
    assert "is paid." in again
    assert shop.client().v1.subscriptions.retrieve(subscription.id).status == "active"
    assert shop.events().count("charge.succeeded") == 2


def test_strangers_are_404() -> None:
    gone = shop.customer("")
    shop.client().v1.customers.delete(gone.id)

    assert Client().get(address("cus_none")).status_code == 404
    assert Client().get(address(gone.id)).status_code == 404
    assert Client().post(address("cus_none", "/card"), {"card": "visa"}).status_code == 404
    assert Client().post("/sandbox/invoices/in_none/pay").status_code == 404


def test_a_payment_is_disputed_won_and_refunded() -> None:
    customer = shop.customer()
    shop.subscription(to=customer)
    (charge,) = shop.client().v1.charges.list({"customer": customer.id}).data
    path = f"{address(customer.id)}/payments/{charge.id}"

    assert Client().post(path, {"act": "win"}).status_code == 302
    assert "No dispute" in Client().get(address(customer.id)).content.decode() or not charge.disputed
    Client().post(path, {"act": "dispute"})
    page = Client().get(address(customer.id)).content.decode()
    Client().post(path, {"act": "lose"})

    assert "We win the dispute" in page
    assert [found.status for found in shop.client().v1.disputes.list({"charge": charge.id}).data] == ["lost"]
    assert Client().post(path, {"act": "explode"}).status_code == 404
    assert Client().post(f"{address(customer.id)}/payments/ch_none", {"act": "refund"}).status_code == 404
    Client().post(path, {"act": "refund"})
    assert shop.client().v1.refunds.list({"charge": charge.id}).data == []


def test_a_card_that_asks_each_time_is_confirmed_on_the_banks_page() -> None:
    subscription = shop.subscription()
    customer = str(subscription.customer)
    shop.replace_card(customer, "authenticationRequired")
    clock.advance(by=timedelta(seconds=shop.period_end(subscription) - clock.now().timestamp() + 4_000))
    invoice = shop.invoices(subscription.id)[-1]
    (intent,) = [
        each for each in shop.client().v1.payment_intents.list({"customer": customer}).data if each.next_action
    ]
    path = f"/sandbox/payments/{intent.id}"

    assert (invoice.status, intent.status) == ("open", "requires_action")
    assert "invoice.payment_action_required" in shop.events()
    assert Client().post(f"/sandbox/invoices/{invoice.id}/pay").headers["Location"] == path
    assert "Is it you" in Client().get(path).content.decode()
    Client().post(path, {"answer": "refuse"})
    assert shop.client().v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"
    Client().post(f"/sandbox/invoices/{invoice.id}/pay")
    Client().post(path, {"answer": "confirm"})
    assert shop.client().v1.invoices.retrieve(str(invoice.id)).status == "paid"
    assert shop.client().v1.subscriptions.retrieve(subscription.id).status == "active"
    assert Client().get(path).status_code == 302
    assert Client().get("/sandbox/payments/pi_none").status_code == 404
