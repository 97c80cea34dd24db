"""The customer surface of tenants."""

from django.urls import URLPattern, path

from tenants.api.customer.dashboard import Dashboard
from tenants.api.customer.order_logs import OrderLogs

urlpatterns: list[URLPattern] = [
    path("dashboard", Dashboard.as_view()),
    path("orders/<uuid:pk>/logs", OrderLogs.as_view()),
]
