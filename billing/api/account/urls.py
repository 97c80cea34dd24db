"""The account surface of billing."""

from django.urls import URLPattern, path

from billing.api.account import billing, billing_payment_methods, subscription, subscription_add_ons

urlpatterns: list[URLPattern] = [
    path("billing/details", billing.BillingDetails.as_view()),
    path("billing/invoices", billing.InvoiceList.as_view()),
    path("billing/download-invoice/<uuid:pk>", billing.InvoiceDownload.as_view()),
    path("billing/payment-methods", billing_payment_methods.PaymentMethodList.as_view()),
    path("billing/payment-methods/<uuid:pk>", billing_payment_methods.PaymentMethodDetail.as_view()),
    path("subscription", subscription.SubscriptionDetail.as_view()),
    path("subscription/preview", subscription.SubscriptionPreview.as_view()),
    path("subscription/upgrade", subscription.SubscriptionUpgrade.as_view()),
    path("subscription/downgrade", subscription.SubscriptionDowngrade.as_view()),
    path("subscription/cancel", subscription.SubscriptionCancel.as_view()),
    path("subscription/resume", subscription.SubscriptionResume.as_view()),
    path("subscription/add-ons", subscription_add_ons.SubscriptionAddOns.as_view()),
    path("subscription/add-ons/preview", subscription_add_ons.SubscriptionAddOnsPreview.as_view()),
]
