"""Connects receivers, nothing else."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class IdentityConfig(AppConfig):
    name = "identity"
    verbose_name = "People"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from identity import staff_roles  # noqa: PLC0415 - models are not loaded before

        post_migrate.connect(staff_roles.sync, dispatch_uid="identity.staff_roles")
