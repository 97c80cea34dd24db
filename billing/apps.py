"""Connects receivers, nothing else."""

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Registers the receivers, and the database's own guards that each migration puts in place."""
        import_module("billing.receivers")
        for guard in ("ledger_guard", "tax_guard"):
            post_migrate.connect(import_module(f"billing.{guard}").install, sender=self)
