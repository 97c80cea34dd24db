"""The cron surface of billing."""

from django.urls import URLPattern, path

from billing.api.cron import billing_cycle

urlpatterns: list[URLPattern] = [
    path("billing-cycle", billing_cycle.BillingCycle.as_view()),
]
