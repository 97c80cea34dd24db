"""Portal pages of billing."""

from django.urls import URLPattern, path

from billing.portal import checkout, claims, invoices, pricing, usage

urlpatterns: list[URLPattern] = [
    path("", pricing.Landing.as_view(), name="landing"),
    path("pricing", pricing.Pricing.as_view(), name="pricing"),
    path("buy", checkout.Buy.as_view(), name="buy"),
    path("plans", pricing.Plans.as_view(), name="plans"),
    path("checkout", checkout.StartCheckout.as_view(), name="checkout"),
    path("checkout/canceled", checkout.CheckoutCanceled.as_view(), name="checkout-canceled"),
    path("checkout/claim/<str:token>", claims.Claim.as_view(), name="checkout-claim"),
    path("invoices", invoices.InvoiceList.as_view(), name="invoices"),
    path("invoices/<uuid:pk>", invoices.InvoiceDetail.as_view(), name="invoice"),
    path("invoices/<uuid:pk>/pdf", invoices.InvoicePDF.as_view(), name="invoice-pdf"),
    path("usage", usage.Usage.as_view(), name="usage"),
]
