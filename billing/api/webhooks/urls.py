"""The webhooks surface of billing: one receiver under each of the documented addresses."""

from django.urls import URLPattern, path

from billing.api.webhooks import stripe

urlpatterns: list[URLPattern] = [
    path("api/v1/webhooks/stripe", stripe.StripeWebhook.as_view()),
    path("api/v1/billing/webhook", stripe.StripeWebhook.as_view()),
    path("webhooks/stripe", stripe.StripeWebhook.as_view()),
]
