"""dj-stripe does nothing by itself: no pages, no addresses, no migrations but ours."""

import stripe
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from billing.providers.stripe.mirror import SnapshotClient
from config import settings as declared


def test_its_admin_pages_are_gone() -> None:
    models = list(apps.get_app_config("djstripe").get_models())

    assert len(models) > 40
    assert [model for model in models if admin.site.is_registered(model)] == []


def test_its_webhook_is_not_mounted() -> None:
    def modules(resolver: URLResolver) -> set[str]:
        found = set()
        for entry in resolver.url_patterns:
            found |= modules(entry) if isinstance(entry, URLResolver) else {_module(entry)}
        return found

    def _module(pattern: URLPattern) -> str:
        return str(pattern.callback.__module__)

    mounted = modules(get_resolver())
    assert "billing.api.webhooks.stripe" in mounted
    assert [module for module in mounted if module.startswith("djstripe")] == []


def test_its_models_and_our_migration_agree(settings: Settings) -> None:
    """The suite itself runs without migrations."""
    settings.MIGRATION_MODULES = declared.MIGRATION_MODULES
    call_command("makemigrations", "djstripe", check=True, dry_run=True, verbosity=0)


def test_stripes_module_level_functions_have_no_network() -> None:
    assert isinstance(stripe.default_http_client, SnapshotClient)
    stripe.default_http_client.close()
