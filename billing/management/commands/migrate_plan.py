"""Move the subscribers of a plan. Shows everybody's part; --apply starts it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from billing.models import Plan, PlanMigration, PlanMove
from billing.money import format_minor
from billing.services import plan_migrations
from platform_core import scoping
from platform_core.errors import DomainError
from platform_core.management.audited import AuditedCommand


class Command(AuditedCommand):
    help = "Move everybody who runs on a plan to its present terms, or to another plan of the product."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("plan", help="the plan's code")
        parser.add_argument("to", nargs="?", help="another plan's code; without it, the present terms of the same")
        parser.add_argument("--policy", choices=PlanMigration.Policy.values, default=PlanMigration.Policy.RENEWAL.value)
        parser.add_argument("--at-list-price", action="store_true", help="at what the plan is sold at now")
        parser.add_argument("--declinable", action="store_true", help="whoever is moved later may stay as they are")
        parser.add_argument("--reason", default="From the command line.")
        parser.add_argument("--apply", action="store_true", help="start it; without it nothing is changed")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with scoping.system(), transaction.atomic():
                self._move(options)
        except DomainError as error:
            raise CommandError(error.message) from error

    def _move(self, options: dict[str, Any]) -> None:
        plan = _plan(options["plan"])
        made = plan_migrations.draft(
            plan,
            _plan(options["to"]) if options["to"] else plan,
            PlanMigration.Policy(options["policy"]),
            at_list_price=options["at_list_price"],
            is_declinable=options["declinable"],
            by=None,
            reason=options["reason"],
        )
        for move in made.moves.select_related("organization"):
            self.stdout.write(_told(move))
        for total in plan_migrations.totals(made):
            amounts = [
                format_minor(minor, total.currency) for minor in (total.from_minor, total.to_minor, total.due_minor)
            ]
            self.stdout.write(
                f"{total.count} {total.status}: {amounts[0]} -> {amounts[1]} each period, {amounts[2]} due"
            )
        if options["apply"]:
            plan_migrations.start(made, by=None)
            self.stdout.write(
                f"started: the worker moves one after another; plan migration {made.pk} tells how far it is"
            )
        else:
            transaction.set_rollback(True)
            self.stdout.write("nothing was changed; --apply starts it")


def _plan(code: str) -> Plan:
    found = Plan.objects.select_related("current", "product").filter(code=code).first()
    if found is None:
        raise CommandError(f"There is no plan {code!r}.")
    return found


def _told(move: PlanMove) -> str:
    before = format_minor(move.from_minor, move.currency)
    after = move.note if move.to_minor is None else format_minor(move.to_minor, move.currency)
    due = f", {format_minor(move.due_minor, move.currency)} due" if move.due_minor else ""
    return f"{move.organization} ({move.quantity}): {before} -> {after}{due}"
