"""The user surface of billing."""

from django.urls import URLPattern, path

from billing.api.user import (
    billing,
    billing_organizations,
    billing_portal,
    billing_usage,
    organization_subscription,
    organization_webhook_deliveries,
    organization_webhook_endpoints,
    users,
)

urlpatterns: list[URLPattern] = [
    path("billing/checkout", billing.BillingCheckout.as_view()),
    path("billing/portal", billing_portal.BillingPortal.as_view()),
    path("billing/usage", billing_usage.BillingUsage.as_view()),
    path("billing/status", billing.BillingStatus.as_view()),
    path("billing/setup", billing.BillingSetup.as_view()),
    path("billing/products", billing.BillingProductList.as_view()),
    path("billing/organizations/<uuid:organization_id>/billing/checkout", billing.OrganizationCheckout.as_view()),
    path(
        "billing/organizations/<uuid:organization_id>/billing/portal",
        billing_organizations.OrganizationPortal.as_view(),
    ),
    path(
        "organizations/<uuid:organization_id>/subscription",
        organization_subscription.OrganizationSubscription.as_view(),
    ),
    path(
        "organizations/<uuid:organization_id>/webhook-endpoints",
        organization_webhook_endpoints.OrganizationWebhookEndpointList.as_view(),
    ),
    path(
        "organizations/<uuid:organization_id>/webhook-endpoints/<uuid:pk>",
        organization_webhook_endpoints.OrganizationWebhookEndpointDetail.as_view(),
    ),
    path(
        "organizations/<uuid:organization_id>/webhook-endpoints/<uuid:pk>/secret",
        organization_webhook_endpoints.OrganizationWebhookEndpointSecret.as_view(),
    ),
    path(
        "organizations/<uuid:organization_id>/webhook-endpoints/<uuid:pk>/replay",
        organization_webhook_endpoints.OrganizationWebhookEndpointReplay.as_view(),
    ),
    path(
        "organizations/<uuid:organization_id>/webhook-endpoints/<uuid:pk>/test",
        organization_webhook_endpoints.OrganizationWebhookEndpointTest.as_view(),
    ),
    path(
        "organizations/<uuid:organization_id>/webhook-deliveries",
        organization_webhook_deliveries.OrganizationWebhookDeliveryList.as_view(),
    ),
    path(
        "organizations/<uuid:organization_id>/webhook-deliveries/<uuid:pk>",
        organization_webhook_deliveries.OrganizationWebhookDeliveryDetail.as_view(),
    ),
    path(
        "organizations/<uuid:organization_id>/webhook-deliveries/<uuid:pk>/retry",
        organization_webhook_deliveries.OrganizationWebhookDeliveryRetry.as_view(),
    ),
    path("users/me/subscription", users.UserMeSubscription.as_view()),
]
