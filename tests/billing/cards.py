"""The card that a customer pays with from now on."""

from billing.models import Subscription
from tests.billing.providers.sandbox.shop import client

# Stripe's names of its test cards. The second can be saved, and is refused whenever it is charged.
PAYS, CANNOT_PAY = "pm_card_visa", "pm_card_chargeCustomerFail"
# The bank wants each payment to be confirmed.
ASKS = "pm_card_authenticationRequired"


def set_card(subscription: Subscription, card: str) -> None:
    """The customer's default, and that of whatever is owed."""
    customer = subscription.organization.billing_account.provider_customer_id
    method = client().v1.payment_methods.attach(card, {"customer": customer})
    client().v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
    client().v1.subscriptions.update(subscription.provider_subscription_id, {"default_payment_method": method.id})
    for invoice in client().v1.invoices.list({"customer": customer, "status": "open"}).data:
        client().v1.invoices.update(invoice.id, {"default_payment_method": method.id})
