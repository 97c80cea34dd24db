"""The sandbox: an in-process Stripe behind a database of its own."""

from django.apps import AppConfig
from django.conf import settings


class SandboxConfig(AppConfig):
    name = "billing.providers.sandbox"
    label = "sandbox"
    verbose_name = "Payment sandbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Where the sandbox takes Stripe's place, its clock is business time."""
        if settings.SANDBOX:
            from billing.providers.sandbox.clock import offset  # noqa: PLC0415 - models are loaded only now
            from platform_core import clock  # noqa: PLC0415

            clock.install_reader(offset)
