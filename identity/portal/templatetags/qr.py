"""QR codes in pages."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from identity.services.two_factor import SetUp

register = template.Library()


@register.simple_tag
def qr_code(set_up: SetUp) -> SafeString:
    """The code to scan. Its text is in the squares alone, so nothing of it can be read as markup."""
    return mark_safe(set_up.qr_code)  # noqa: S308
