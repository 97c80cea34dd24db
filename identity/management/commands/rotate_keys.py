"""New keys: for access tokens, and for secrets at rest."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from identity.services import signing_keys
from platform_core.management.audited import AuditedCommand
from platform_core.services import reencryption


class Command(AuditedCommand):
    """Run it on a schedule, after a leak, and after a new key was put first in FIELD_ENCRYPTION_KEYS."""

    help = (
        "Lets a new key sign access tokens while the one before still verifies, and encrypts stored secrets anew "
        "under the first key of FIELD_ENCRYPTION_KEYS. Nobody is signed out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--overlap",
            type=int,
            default=86_400,
            metavar="SECONDS",
            help="how long the key before verifies (default: a day); 0 after a leak: then tokens are refreshed",
        )
        parser.add_argument("--only", choices=["signing", "fields"], help="just one of the two")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["only"] != "fields":
            key = signing_keys.rotate(overlap=timedelta(seconds=options["overlap"]))
            self.stdout.write(f"Access tokens are signed with {key.pk}.")
        if options["only"] != "signing":
            for field, count in reencryption.reencrypt_all().items():
                self.stdout.write(f"{field}: {count} encrypted anew.")
