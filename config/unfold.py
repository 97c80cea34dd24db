"""How the staff console looks."""

from typing import Any

from django.templatetags.static import static


def look(site_name: str) -> dict[str, Any]:
    """Settings of unfold, whose theme the console wears."""
    return {
        "SITE_TITLE": site_name,
        "SITE_HEADER": site_name,
        "SITE_SUBHEADER": "Staff console, times in UTC",
        "SITE_URL": "/",
        "SITE_ICON": lambda _request: static("img/favicon.svg"),
        "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("img/favicon.svg")}],
        "STYLES": [lambda _request: static("css/admin.css")],
        "SHOW_HISTORY": False,
        "SHOW_VIEW_ON_SITE": False,
        "DASHBOARD_CALLBACK": "tenants.admin.dashboard.dashboard",
        "SIDEBAR": {"show_search": True, "navigation": "tenants.admin.navigation.sidebar"},
        "COLORS": {
            "primary": {
                "50": "#eef8fb",
                "100": "#d3edf4",
                "200": "#abdcea",
                "300": "#78c4da",
                "400": "#43a5c2",
                "500": "#1b86a6",
                "600": "#0a6785",
                "700": "#0b566f",
                "800": "#10485c",
                "900": "#123c4d",
                "950": "#082632",
            },
        },
    }
