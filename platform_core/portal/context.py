"""What every page may use."""

from django.conf import settings
from django.http import HttpRequest

from platform_core.portal.preferences import theme_of


def site(request: HttpRequest) -> dict[str, object]:
    """The site's name and address, whether it runs on the sandbox, and the colours that this browser asked for."""
    return {
        "site_name": settings.SITE_NAME,
        "contact": settings.CONTACT_EMAIL,
        "sandbox": settings.SANDBOX,
        "theme": theme_of(request),
    }
