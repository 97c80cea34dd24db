"""Pages that a person sees instead of Stripe's. Mounted only where the sandbox takes Stripe's place."""

from django.urls import path

from billing.providers.sandbox.pages import checkout, control, customers

app_name = "sandbox"
urlpatterns = [
    path("", control.control, name="control"),
    path("clock", control.advance, name="advance"),
    path("checkout/<str:session_id>", checkout.checkout, name="checkout"),
    path("customers/<str:customer_id>", customers.customer, name="customer"),
    path("customers/<str:customer_id>/card", customers.replace_card, name="replace_card"),
    path("invoices/<str:invoice_id>/pay", customers.pay_invoice, name="pay_invoice"),
]
