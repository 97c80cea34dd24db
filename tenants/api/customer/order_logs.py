"""What is being done for an order, live."""

from platform_core.api.surfaces import CustomerSurface
from tenants.api.logs import OrderLog


class OrderLogs(CustomerSurface, OrderLog):
    access = {"GET": "customer"}
