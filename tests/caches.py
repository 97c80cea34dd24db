"""The cache as a test finds it."""

from uuid import uuid4

from django.conf import settings
from django.core.cache import cache


def start_empty() -> None:
    """Under keys of its own: `cache.clear` would empty the whole Redis database, under tests beside this one too."""
    prefix = uuid4().hex
    cache.key_prefix = prefix
    # Other threads make connections of their own from the settings.
    settings.CACHES["default"]["KEY_PREFIX"] = prefix
