"""Pages of the staff console for tenants."""

from tenants.admin import orders, organizations, people, servers

__all__ = ["orders", "organizations", "people", "servers"]
