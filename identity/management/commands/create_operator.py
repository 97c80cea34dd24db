"""Makes a staff member from the command line, such as the first one."""

import getpass
import os
from typing import Any

from django.core.management.base import CommandError, CommandParser

from identity import staff_roles
from identity.services import operators
from platform_core.errors import DomainError
from platform_core.management.audited import AuditedCommand


class Command(AuditedCommand):
    help = "Create a staff member. The password comes from $OPERATOR_PASSWORD or is asked for."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--role", choices=staff_roles.ROLES, default=staff_roles.OWNER)

    def handle(self, *args: Any, **options: Any) -> None:
        # Not an argument: those are visible to everybody on the machine.
        password = os.environ.get("OPERATOR_PASSWORD") or getpass.getpass("Password: ")
        try:
            operator = operators.create_operator(options["email"], password, options["name"], role=options["role"])
        except DomainError as error:
            reasons = [message for messages in error.details.values() for message in messages]
            raise CommandError(" ".join([error.message, *reasons])) from error
        self.stdout.write(f"{operator.email} is {options['role']}.")
