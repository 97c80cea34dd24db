"""dj-stripe as we use it: tables to write a mirror into, nothing that acts by itself."""

from importlib import import_module

from djstripe.apps import DjstripeAppConfig


class MirrorConfig(DjstripeAppConfig):  # type: ignore[misc]
    """dj-stripe without its way to the network. Its addresses are not mounted, its admin pages are put away."""

    def ready(self) -> None:
        super().ready()
        import_module("billing.providers.stripe.mirror").close_module_client()
