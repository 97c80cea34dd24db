"""Orders, servers, configuration."""

from tenants.models.dns import DnsRecord
from tenants.models.orders import Order
from tenants.models.servers import (
    ConfigRevision,
    FleetWatch,
    RegistrationToken,
    Server,
    ServerBeat,
    ServerStatus,
)

__all__ = [
    "ConfigRevision",
    "DnsRecord",
    "FleetWatch",
    "Order",
    "RegistrationToken",
    "Server",
    "ServerBeat",
    "ServerStatus",
]
