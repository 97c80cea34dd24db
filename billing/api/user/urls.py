"""The user surface of billing."""

from django.urls import URLPattern, path

from billing.api.user import billing, organization_subscription, users

urlpatterns: list[URLPattern] = [
    path("billing/checkout", billing.BillingCheckout.as_view()),
    path("billing/status", billing.BillingStatus.as_view()),
    path("billing/setup", billing.BillingSetup.as_view()),
    path("billing/products", billing.BillingProductList.as_view()),
    path("billing/organizations/<uuid:organization_id>/billing/checkout", billing.OrganizationCheckout.as_view()),
    path(
        "organizations/<uuid:organization_id>/subscription",
        organization_subscription.OrganizationSubscription.as_view(),
    ),
    path("users/me/subscription", users.UserMeSubscription.as_view()),
]
