"""Portal pages of billing."""

from django.urls import URLPattern, path

from billing.portal import (
    add_ons,
    billing,
    changes,
    checkout,
    checkout_changes,
    claims,
    details,
    invoices,
    payment_methods,
    pricing,
    usage,
    webhook_deliveries,
    webhooks,
)

urlpatterns: list[URLPattern] = [
    path("", pricing.Landing.as_view(), name="landing"),
    path("pricing", pricing.Pricing.as_view(), name="pricing"),
    path("buy", checkout.Buy.as_view(), name="buy"),
    path("plans", pricing.Plans.as_view(), name="plans"),
    path("checkout", checkout.StartCheckout.as_view(), name="checkout"),
    path("checkout/<uuid:pk>", checkout_changes.CheckoutChange.as_view(), name="checkout-change"),
    path("checkout/canceled", checkout.CheckoutCanceled.as_view(), name="checkout-canceled"),
    path("checkout/claim/<str:token>", claims.Claim.as_view(), name="checkout-claim"),
    path("billing", billing.Billing.as_view(), name="billing"),
    path("billing/payment-methods", payment_methods.AddPaymentMethod.as_view(), name="add-payment-method"),
    path(
        "billing/payment-methods/<uuid:pk>/use", payment_methods.UsePaymentMethod.as_view(), name="use-payment-method"
    ),
    path(
        "billing/payment-methods/<uuid:pk>/remove",
        payment_methods.RemovePaymentMethod.as_view(),
        name="remove-payment-method",
    ),
    path("billing/<uuid:pk>/change", changes.ChangePlan.as_view(), name="change-plan"),
    path("billing/<uuid:pk>/add-ons", add_ons.ChangeAddOns.as_view(), name="change-add-ons"),
    path("billing/<uuid:pk>/cancel", changes.CancelSubscription.as_view(), name="cancel-subscription"),
    path("billing/<uuid:pk>/resume", changes.ResumeSubscription.as_view(), name="resume-subscription"),
    path("invoices", invoices.InvoiceList.as_view(), name="invoices"),
    path("invoices/<uuid:pk>", invoices.InvoiceDetail.as_view(), name="invoice"),
    path("invoices/<uuid:pk>/pdf", invoices.InvoicePDF.as_view(), name="invoice-pdf"),
    path("invoices/<uuid:pk>/credit-notes/<uuid:note>", invoices.CreditNotePDF.as_view(), name="credit-note-pdf"),
    path("billing-details", details.Details.as_view(), name="billing-details"),
    path("credits", details.Credits.as_view(), name="credits"),
    path("settings/webhooks", webhooks.WebhookList.as_view(), name="webhooks"),
    path("settings/webhooks/new", webhooks.NewWebhook.as_view(), name="new-webhook"),
    path("settings/webhooks/<uuid:pk>", webhooks.WebhookDetail.as_view(), name="webhook"),
    path("settings/webhooks/<uuid:pk>/replay", webhooks.ReplayWebhook.as_view(), name="replay-webhook"),
    path(
        "settings/webhooks/deliveries/<uuid:pk>", webhook_deliveries.DeliveryDetail.as_view(), name="webhook-delivery"
    ),
    path("usage", usage.Usage.as_view(), name="usage"),
]
