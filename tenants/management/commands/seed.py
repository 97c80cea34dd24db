"""`manage.py seed`: a small living company in an empty database, made by the services."""

import json
from argparse import ArgumentParser
from typing import Any

import httpx
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from billing.services import catalog, coupons
from billing.services.carts import Wishes
from identity.models import User
from orgs.models import Organization
from platform_core import clock, context, scoping
from platform_core.management.audited import AuditedCommand
from tenants.management.seeding import consumers, describing, history, past, people, purchases, shelf
from tenants.models import Order


class Command(AuditedCommand):
    """Fixed people, real purchases on the sandbox and, where the hub is up, servers and a past. May be run again."""

    help = "Fill an empty database with a small living company."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--describe", action="store_true", help="only print the ids of what was seeded, as JSON")
        parser.add_argument("--prepare", action="store_true", help="only migrate both databases")
        parser.add_argument("--empty", action="store_true", help="with --prepare: empty what an earlier seed filled")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("Seeding buys things: it needs the sandbox (SANDBOX=true, no live Stripe key).")
        if options["prepare"]:
            self._prepare(empty=options["empty"])
            return
        context.begin(context.RequestContext())
        clock.refresh()
        with scoping.system():
            self._refuse_foreign_data()
            if options["describe"]:
                self.stdout.write(json.dumps({"ids": describing.ids(), "totpSecret": describing.app_secret()}))
            else:
                self._seed()

    def _prepare(self, *, empty: bool) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("migrate", "sandbox", database="sandbox", interactive=False, verbosity=0)
        if empty and User.objects.exists():
            self._refuse_foreign_data()
            call_command("flush", interactive=False, verbosity=0)

    def _refuse_foreign_data(self) -> None:
        mine = User.objects.filter(email=people.STAFF[0][0]).exists()
        if User.objects.exists() and not mine:
            raise CommandError("This database has people that the seed did not make. It fills an empty database only.")

    def _seed(self) -> None:
        catalog.load_price_list()
        shelf.stock()
        catalog.publish_prices()
        coupons.publish()
        for email, name, role in people.STAFF:
            people.operator(email, name, role)
        organizations = {story: people.company(story) for story in people.COMPANIES}
        people.ask_for_report(organizations[people.COMPANIES[0]])
        self._say(f"{len(people.STAFF)} members of staff, {len(organizations)} organizations")
        for story, organization in organizations.items():
            for plan in story.plans:
                purchases.buy(organization, plan, Wishes(add_ons=dict(story.add_ons), coupon=story.coupon))
        self._say(f"{sum(len(story.plans) for story in organizations)} subscriptions, paid on the sandbox's page")
        consumers.sell()
        self._say("a consumer, FunnelAI, whose tenant bought through it")
        self._say(f"{past.make()} customers with a year behind them")
        self._live(organizations)

    def _live(self, organizations: dict[people.Company, Organization]) -> None:
        busy = {
            order: story.tokens_per_hour
            for story, organization in organizations.items()
            for order in Order.objects.filter(organization=organization).select_related("subscription")
        }
        if not self._hub_answers():
            self._say(
                "The hub is not up, so no server can report to it. Start it and seed again for servers and a past."
            )
            return
        running = purchases.wait_until(lambda: _fulfilled(busy))
        self._say(f"{Order.objects.filter(status=Order.Status.FULFILLED).count()} of {len(busy)} servers up")
        if running:
            self._say(f"{history.live_through(busy)} hours of use")

    def _hub_answers(self) -> bool:
        try:
            return httpx.get(f"{settings.BASE_URL}/api/v1/health/live", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def _say(self, text: str) -> None:
        self.stdout.write(f"seed  {clock.wall():%H:%M:%S}  {text}")


def _fulfilled(orders: dict[Order, int]) -> bool:
    wanted = [order.pk for order in orders]
    return Order.objects.filter(pk__in=wanted, status=Order.Status.FULFILLED).count() == len(wanted)
