"""Pages that a person sees instead of Stripe's. Mounted only where the sandbox takes Stripe's place."""

from django.urls import path

from billing.providers.sandbox.pages import checkout, consumers, control, customers, payments, portal

app_name = "sandbox"
urlpatterns = [
    path("", control.control, name="control"),
    path("clock", control.advance, name="advance"),
    path("faults", control.order_fault, name="order_fault"),
    path("checkout/<str:session_id>", checkout.checkout, name="checkout"),
    path("checkout/<str:session_id>/code", checkout.code, name="code"),
    path("checkout/<str:session_id>/confirm", checkout.confirm, name="confirm_checkout"),
    path("consumers/<slug:key>/events", consumers.events, name="consumer_events"),
    path("customers/<str:customer_id>", customers.customer, name="customer"),
    path("customers/<str:customer_id>/card", customers.replace_card, name="replace_card"),
    path("customers/<str:customer_id>/payments/<str:charge_id>", customers.act_on_payment, name="act_on_payment"),
    path("invoices/<str:invoice_id>/pay", customers.pay_invoice, name="pay_invoice"),
    path("payments/<str:intent_id>", payments.confirm, name="confirm_payment"),
    path("portal/<str:session_id>", portal.portal, name="portal"),
]
