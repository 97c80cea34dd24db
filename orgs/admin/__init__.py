"""Pages of the staff console for organizations."""

from orgs.admin import domains, organizations, products, reports, resources

__all__ = ["domains", "organizations", "products", "reports", "resources"]
