"""The admin surface of tenants."""

from django.urls import URLPattern, path

from tenants.api.admin.customers import CustomerDetail, CustomerList
from tenants.api.admin.order_automation import OrderAutomation
from tenants.api.admin.order_dns import OrderDns
from tenants.api.admin.order_logs import OrderLogs
from tenants.api.admin.orders import OrderDetail, OrderList, OrderProvision
from tenants.api.admin.server_health import ServerHealth
from tenants.api.admin.servers import ServerList
from tenants.api.admin.stats import Stats

urlpatterns: list[URLPattern] = [
    path("customers", CustomerList.as_view()),
    path("customers/<uuid:pk>", CustomerDetail.as_view()),
    path("orders", OrderList.as_view()),
    path("orders/<uuid:pk>", OrderDetail.as_view()),
    path("orders/<uuid:pk>/provision", OrderProvision.as_view()),
    path("orders/<uuid:pk>/dns", OrderDns.as_view()),
    path("orders/<uuid:pk>/automation", OrderAutomation.as_view()),
    path("orders/<uuid:pk>/logs", OrderLogs.as_view()),
    path("servers", ServerList.as_view()),
    path("servers/<uuid:pk>/health", ServerHealth.as_view()),
    path("stats", Stats.as_view()),
]
