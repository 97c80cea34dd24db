"""How the API is described: drf-spectacular's settings."""

from typing import Any

DESCRIPTION: dict[str, Any] = {
    "TITLE": "Mainstay",
    "DESCRIPTION": "One back office: accounts, organizations, billing, provisioning, metering.",
    "VERSION": "0.1.0",
    # The first version that has a place for what we send to others.
    "OAS_VERSION": "3.1.0",
    "WEBHOOKS": "billing.event_shapes.WEBHOOKS",
    "SERVE_INCLUDE_SCHEMA": False,
    "CAMELIZE_NAMES": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "SORT_OPERATIONS": True,
    # Not the default hook: it names shared enumerations after fields, and every second model has a `status`.
    "POSTPROCESSING_HOOKS": ["platform_core.api.schema.add_shared_components"],
}
