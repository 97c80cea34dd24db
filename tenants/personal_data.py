"""What of orders and servers is a person's own data, for the export of it.

As with bills: what they ordered, and what belongs to an organization that is theirs alone.
"""

from typing import Any

from django.db.models import Q

from identity.models import User
from identity.personal_data import Part, chosen
from orgs.services.ownership import owned_alone
from tenants.models import Order, Server

ORDER = ("id", "organization_id", "domain", "status", "tools", "created_at", "fulfilled_at")
SERVER = ("order_id", "order__domain", "status", "ip_address", "agent_version", "created_at", "registered_at")


def _of(user: User, path: str = "") -> Q:
    return Q(**{f"{path}customer": user}) | Q(**{f"{path}organization__in": owned_alone(user)})


def _orders(user: User) -> list[dict[str, Any]]:
    return chosen(Order.objects.filter(_of(user)).order_by("created_at"), *ORDER)


def _servers(user: User) -> list[dict[str, Any]]:
    return chosen(Server.objects.filter(_of(user, "order__")).order_by("created_at"), *SERVER)


PARTS = [Part("orders", Order, _orders), Part("servers", Server, _servers)]
