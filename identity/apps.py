"""Connects receivers, nothing else."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class IdentityConfig(AppConfig):
    name = "identity"
    verbose_name = "People"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are not loaded before.
        from identity import receivers, staff_roles  # noqa: F401, PLC0415

        post_migrate.connect(staff_roles.sync, dispatch_uid="identity.staff_roles")
