"""What an order's job says, live."""

from platform_core.api.surfaces import AdminSurface
from tenants.api.logs import OrderLog


class OrderLogs(AdminSurface, OrderLog):
    access = {"GET": "tenants.view_order"}
