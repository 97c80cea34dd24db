"""The customer surface of billing."""

from django.urls import URLPattern, path

from billing.api.customer import billing, usage

urlpatterns: list[URLPattern] = [
    path("usage", usage.UsageSummary.as_view()),
    path("usage/breakdown", usage.UsageBreakdown.as_view()),
    path("billing", billing.BillingSummary.as_view()),
    path("billing/history", billing.BillingHistory.as_view()),
]
