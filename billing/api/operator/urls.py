"""The operator surface of billing."""

from django.urls import URLPattern, path

from billing.api.operator import analytics, billing, plans, subscriptions

urlpatterns: list[URLPattern] = [
    path("analytics/revenue", analytics.AnalyticsRevenue.as_view()),
    path("analytics/revenue/movements", analytics.AnalyticsRevenueMovements.as_view()),
    path("analytics/revenue/payments", analytics.AnalyticsRevenuePayments.as_view()),
    path("billing/invoices", billing.InvoiceList.as_view()),
    path("billing/revenue-report", billing.RevenueReport.as_view()),
    path("plans", plans.PlanList.as_view()),
    path("plans/<uuid:pk>", plans.PlanDetail.as_view()),
    path("subscriptions", subscriptions.SubscriptionList.as_view()),
    path("subscriptions/<uuid:pk>", subscriptions.SubscriptionDetail.as_view()),
    path("subscriptions/<uuid:pk>/cancel", subscriptions.SubscriptionCancel.as_view()),
]
