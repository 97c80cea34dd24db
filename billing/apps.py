"""Connects receivers, nothing else."""

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Registers the receivers, and the ledger's guard that each migration puts in place."""
        import_module("billing.receivers")
        post_migrate.connect(import_module("billing.ledger_guard").install, sender=self)
