"""The internal surface of billing."""

from django.urls import URLPattern, path

from billing.api.internal import (
    payment_checkout_sessions,
    payment_event_deliveries,
    payment_pricing_items,
    payment_providers,
    payment_public,
    payment_purchases,
    payment_subscriptions,
    payment_tenants,
)

urlpatterns: list[URLPattern] = [
    path("payments/providers", payment_providers.PaymentProviderList.as_view()),
    path("payments/pricing-items", payment_pricing_items.PaymentPricingItemList.as_view()),
    path("payments/pricing-items/<uuid:pk>", payment_pricing_items.PaymentPricingItemDetail.as_view()),
    path("payments/public/pricing-items", payment_public.PaymentPublicPricingItemList.as_view()),
    path("payments/checkout-sessions", payment_checkout_sessions.PaymentCheckoutSessionList.as_view()),
    path(
        "payments/checkout-sessions/<slug:provider_checkout_session_id>",
        payment_checkout_sessions.PaymentCheckoutSessionDetail.as_view(),
    ),
    path("payments/tenants/<str:consumer_tenant_id>/plan-status", payment_tenants.PaymentTenantPlanStatus.as_view()),
    path("payments/purchases", payment_purchases.PaymentPurchaseList.as_view()),
    path("payments/subscriptions", payment_subscriptions.PaymentSubscriptionList.as_view()),
    path("payments/event-deliveries/<uuid:pk>/retry", payment_event_deliveries.PaymentEventDeliveryRetry.as_view()),
]
