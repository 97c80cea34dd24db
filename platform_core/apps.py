"""Connects receivers and checks, nothing else."""

import gc
from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.db.models.signals import post_migrate

from platform_core import append_only

OUR_APPS = ("platform_core", "orgs", "identity", "billing", "tenants")


class PlatformCoreConfig(AppConfig):
    name = "platform_core"
    verbose_name = "Operations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Registers the checks, and the guards that each migration puts in place; garbage is looked for again."""
        import_module("platform_core.checks")
        post_migrate.connect(append_only.install, sender=self)
        for guard in ("policies", "unchanging"):
            post_migrate.connect(import_module(f"platform_core.{guard}").install, sender=self)
        # Not among the models, which are never garbage: `config` says why it was not looked for until now.
        gc.freeze()
        gc.enable()


class StaffAdminConfig(SimpleAdminConfig):
    """The staff console in the place of Django's admin site. What libraries would register there is never loaded.

    Some of their pages break, some show keys in clear, and all would bypass our rules.
    """

    default_site = "platform_core.console.StaffSite"

    def ready(self) -> None:
        """Load the pages of our own apps."""
        super().ready()
        for name in OUR_APPS:
            import_module(f"{name}.admin")
