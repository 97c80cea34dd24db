"""What became of every purchase: each thing there once, inside and outside; nothing lost, doubled or stuck."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from django.conf import settings
from django.db.models import Sum

from billing.models import BillingPeriod, Invoice, InvoiceItem, InvoiceLine, UsageBucket
from billing.providers.sandbox.models import Delivery, Record
from platform_core.models import AuditEvent, Effect, Job, Mail, ProviderEvent, StepRun, WebhookDelivery
from tenants.agent import files
from tenants.management.crashtest.customers import TOKENS, Market, tenant_of
from tenants.models import ConfigRevision, Order, RegistrationToken, Server
from tenants.services.provisioning import PROVISION_ORDER


class Kind(Enum):
    """What can be wrong."""

    LOST = "lost"
    DOUBLED = "doubled"
    STUCK = "stuck"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    kind: Kind
    text: str


def findings(market: Market) -> list[Finding]:
    """Everything that is wrong; nothing, when all is well."""
    orders = list(Order.objects.select_related("subscription", "customer"))
    return [
        *_purchases(market, orders),
        *_servers(orders),
        *_steps(orders),
        *_mail(market, orders),
        *_configurations(orders),
        *_money(market, orders),
        *_provider(market, orders),
        *_stuck(),
    ]


def once(what: str, found: Iterable[Hashable], wanted: Iterable[Hashable]) -> Iterator[Finding]:
    """Each wanted one exactly once: fewer is lost, more is doubled, and so is one that nobody wanted."""
    counted, expected = Counter(iter(found)), set(wanted)
    for key in sorted(expected | set(counted), key=str):
        if counted[key] < (key in expected):
            yield Finding(Kind.LOST, f"{what} of {key}")
        elif counted[key] > (key in expected):
            yield Finding(Kind.DOUBLED, f"{what} of {key}: {counted[key]}")


def _purchases(market: Market, orders: list[Order]) -> Iterator[Finding]:
    """The provider's subscriptions are the truth of what was bought."""
    bought = Record.objects.filter(kind="subscription").values_list("object_id", flat=True)
    yield from once("order", (order.subscription.provider_subscription_id for order in orders), bought)
    yield from once("purchase", (order.customer.email for order in orders), market.emails)
    done = (order.pk for order in orders if order.status == Order.Status.FULFILLED)
    yield from once("fulfilment", done, (order.pk for order in orders))
    yield from once("opening", _told("order.open"), (str(order.pk) for order in orders))


def _servers(orders: list[Order]) -> Iterator[Finding]:
    ids = {str(order.pk) for order in orders}
    servers = {str(server.order_id): str(server.pk) for server in Server.objects.all()}
    yield from once("server", servers, ids)
    yield from once("directory", (path.name for path in settings.TENANT_ROOT.iterdir()), ids)
    yield from once("agent process", _agents(), ids)
    yield from once("registration", _told("server.register"), servers.values())
    valid = RegistrationToken.objects.filter(revoked_at=None, used_at__isnull=False)
    yield from once("registration token", valid.values_list("order_id", flat=True), (order.pk for order in orders))


def _agents() -> Iterator[str]:
    """The order of each agent that runs on this machine, by its command line."""
    home = re.compile(rf"\0--home\0{re.escape(str(settings.TENANT_ROOT))}/([^/\0]+)/agent\0")
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found = home.search(path.read_text())
        except OSError:
            continue
        if found:
            yield found[1]


def _steps(orders: list[Order]) -> Iterator[Finding]:
    jobs = list(Job.objects.filter(kind=PROVISION_ORDER.kind))
    yield from once("job", (job.subject_id for job in jobs), (order.pk for order in orders))
    went_well = StepRun.objects.filter(outcome=StepRun.Outcome.OK).values_list("job_id", "step")
    yield from once("step", went_well, ((job.pk, step.name) for job in jobs for step in PROVISION_ORDER.steps))
    made = Effect.objects.exclude(state=Effect.State.PLANNED).values_list("job_id", "kind")
    kinds = ("server", "run", "registration_token")
    yield from once("effect", made, ((job.pk, kind) for job in jobs for kind in kinds))


def _mail(market: Market, orders: list[Order]) -> Iterator[Finding]:
    """A message may be handed over twice; its id says that it is the same one."""
    wanted = [("tenants/server_ready", order.customer.email) for order in orders]
    wanted += [("identity/welcome", email) for email in market.guests]
    yield from once("mail", Mail.objects.values_list("template", "to"), wanted)
    text = "".join(path.read_text() for path in Path(settings.EMAIL_FILE_PATH).glob("*"))
    handed_over = set(re.findall(r"^Message-ID: <([^@]+)@", text, re.MULTILINE))
    yield from once("message", handed_over, (str(pk) for pk in Mail.objects.values_list("pk", flat=True)))


def _configurations(orders: list[Order]) -> Iterator[Finding]:
    wanted = [(order.pk, 1) for order in orders]
    yield from once("configuration", ConfigRevision.objects.values_list("order_id", "version"), wanted)
    heard = (
        (order.pk, entry["payload"].get("configVersion"))
        for order in orders
        for entry in files.json_lines(tenant_of(order).agent.journal)
    )
    yield from once("webhook that the agent acted on", heard, wanted)


def _money(market: Market, orders: list[Order]) -> Iterator[Finding]:
    """What was used, what each ended period came to, and the lines of the invoices."""
    used = UsageBucket.objects.values_list("source_id").annotate(total=Sum("tokens_total"))
    yield from once("use", used, ((order.pk, TOKENS) for order in orders))
    ended = BillingPeriod.objects.exclude(status=BillingPeriod.Status.OPEN)
    yield from once("closed period", ended.values_list("subscription_id", flat=True), market.renewed)
    for told in ("billing_period.close", "billing_period.charge"):
        yield from once(told, _told(told), (str(period.pk) for period in ended))
    items = InvoiceItem.objects.exclude(charged_at=None).values_list("period_id", flat=True)
    yield from once("invoice item", items, (period.pk for period in ended))
    lines = InvoiceLine.objects.filter(kind=InvoiceLine.Kind.OVERAGE).values_list("billing_period_id", flat=True)
    yield from once("overage line", lines, (period.pk for period in ended))


def _provider(market: Market, orders: list[Order]) -> Iterator[Finding]:
    """What the provider was asked to do, by its own books."""
    at_provider = {order.subscription_id: order.subscription.provider_subscription_id for order in orders}
    reasons = [(subscription, "subscription_create") for subscription in at_provider.values()]
    reasons += [(at_provider[pk], "subscription_cycle") for pk in market.renewed if pk in at_provider]
    invoices = list(Record.objects.filter(kind="invoice"))
    made = ((invoice.subscription, invoice.data["billing_reason"]) for invoice in invoices)
    yield from once("invoice at the provider", made, reasons)
    ids = [invoice.object_id for invoice in invoices]
    paid_by = dict(Record.objects.filter(kind="invoice_payment").values_list("payment_intent", "invoice"))
    charges = (charge for charge in Record.objects.filter(kind="charge") if charge.data["paid"])
    yield from once("charge", (paid_by.get(charge.payment_intent, charge.object_id) for charge in charges), ids)
    marks = (record.data["metadata"].get("invoice_item") for record in Record.objects.filter(kind="invoiceitem"))
    ours = (str(pk) for pk in InvoiceItem.objects.values_list("pk", flat=True))
    yield from once("item at the provider", (mark for mark in marks if mark), ours)
    paid = Invoice.objects.filter(status=Invoice.Status.PAID).values_list("provider_invoice_id", flat=True)
    yield from once("paid invoice", paid, ids)


def _stuck() -> Iterator[Finding]:
    """Whatever still waits although everything is over."""
    waiting = {
        "job": Job.objects.exclude(status=Job.Status.DONE),
        "effect": Effect.objects.filter(state=Effect.State.PLANNED),
        "provider event": ProviderEvent.objects.filter(status__in=("RECEIVED", "FAILED")),
        "mail": Mail.objects.exclude(status=Mail.Status.SENT),
        "webhook": WebhookDelivery.objects.exclude(status=WebhookDelivery.Status.DELIVERED),
        "period": BillingPeriod.objects.uncharged(),
        "provider's webhook": Delivery.objects.filter(delivered_at=None),
    }
    for what, rows in waiting.items():
        for row in rows:
            yield Finding(Kind.STUCK, f"{what} {row.pk}: {row}")


def _told(action: str) -> Iterator[str]:
    """The rows of which the audit trail says that this was done."""
    yield from AuditEvent.objects.filter(action=action).values_list("target_id", flat=True)
