"""The account surface of billing."""

from django.urls import URLPattern, path

from billing.api.account import billing, subscription

urlpatterns: list[URLPattern] = [
    path("billing/invoices", billing.InvoiceList.as_view()),
    path("billing/download-invoice/<uuid:pk>", billing.InvoiceDownload.as_view()),
    path("subscription", subscription.SubscriptionDetail.as_view()),
]
