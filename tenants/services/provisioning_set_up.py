"""The first half of provisioning: a server, its names, and what is installed on it."""

from django.conf import settings
from django.db import transaction

from platform_core.models import Effect, JobLog
from platform_core.workflow import Again, Context, Fail, Next, Outcome, Wait
from tenants.clients.provisioner import Machine, Phase, Plan, Progress, provisioner
from tenants.models import Order, Server, ServerBeat
from tenants.services import names, orders

# Seconds between checks of the names; the last one repeats.
DNS_PAUSES = (30, 60, 120, 300, 600)
# Seconds between looks at the provisioner: closely at first, for somebody is watching.
FOLLOW_PAUSES = (0.5,) * 20 + (2.0,) * 20 + (10.0,)


def plan_of(order: Order) -> Plan:
    """What the provisioner is to set up."""
    return Plan(order.pk, order.domain, tuple(order.tools), settings.BASE_URL, settings.DEMO_TOKENS_PER_HOUR)


def reserve_server(context: Context) -> Outcome:
    """A machine for the order: the one that carries its mark, or a new one."""
    order = orders.reach(orders.of_job(context.job), Order.Status.AWAITING_SERVER)
    back_end = provisioner()
    effect = context.effect("server", back_end.name, "server")
    found = back_end.find(order.pk)
    machine = found or back_end.reserve(order.pk)
    if effect.state == Effect.State.PLANNED:
        context.done(effect, machine.external_id, adopted=found is not None, evidence={"ip": machine.ip_address})
    _keep(order, machine, back_end.name)
    context.log(f"Server {machine.ip_address} is reserved")
    return Next("check_dns")


@transaction.atomic
def _keep(order: Order, machine: Machine, provider: str) -> None:
    facts = {"provider": provider, "external_id": machine.external_id}
    facts |= {"ip_address": machine.ip_address, "ssh_port": str(machine.ssh_port)}
    server, _ = Server.objects.get_or_create(order=order, defaults=facts)
    ServerBeat.objects.get_or_create(server=server)
    orders.reach(order, Order.Status.SERVER_READY)


def check_dns(context: Context) -> Outcome:
    """The customer's names must lead to the server before anything on it asks for certificates."""
    order = orders.reach(orders.of_job(context.job), Order.Status.DNS_PENDING)
    checked = names.check(order, order.server)
    if checked.is_ready:
        orders.reach(order, Order.Status.DNS_READY)
        context.log(f"DNS is ready: {len(checked.records)} names point to {order.server.ip_address}")
        return Next("run_provisioner")
    tries = context.data.get("dns_tries", 0)
    pause = DNS_PAUSES[min(tries, len(DNS_PAUSES) - 1)]
    context.log(f"DNS is not ready: {checked.problem}")
    return Wait(pause, f"waiting for DNS: {checked.problem}; next check in {pause} s", {"dns_tries": tries + 1})


def run_provisioner(context: Context) -> Outcome:
    """Start setting up, once for each time that the job is started."""
    order = orders.reach(orders.of_job(context.job), Order.Status.PROVISIONING)
    back_end = provisioner()
    effect = context.effect(f"run:{context.job.retry_count}", back_end.name, "run")
    started = back_end.start(plan_of(order))
    if effect.state == Effect.State.PLANNED:
        context.done(effect, f"{order.pk}/{back_end.progress(order.pk).run}", adopted=not started)
    context.log("The provisioner is started" if started else "The provisioner is at work already")
    return Next("follow_provisioner", {"looks": 0})


def follow_provisioner(context: Context) -> Outcome:
    """Its words into the job's log, each once, until it ends."""
    order = orders.of_job(context.job)
    progress = provisioner().progress(order.pk)
    _log_new_lines(context, progress)
    match progress.phase:
        case Phase.DONE:
            Server.objects.filter(order=order).update(agent_url=progress.agent_url)
            return Next("issue_registration")
        case Phase.FAILED:
            return Fail("PROVISIONING_FAILED", progress.reason)
        case Phase.RUNNING:
            looks = context.data.get("looks", 0)
            pause = FOLLOW_PAUSES[min(looks, len(FOLLOW_PAUSES) - 1)]
            return Wait(pause, "the provisioner is at work", {"looks": looks + 1})
        case _:
            # Killed, or its directory removed: it goes on, or begins again.
            provisioner().start(plan_of(order))
            return Again(None, "The provisioner was interrupted and has been started again.")


def _log_new_lines(context: Context, progress: Progress) -> None:
    """A line's place in the run is its name in the log, so that none is lost or doubled."""
    run = f"run{progress.run}:"
    known = JobLog.objects.filter(job=context.job, seq__startswith=run).count()
    for number, line in enumerate(progress.lines[known:], start=known):
        context.log(line, seq=f"{run}{number}", stream=JobLog.Stream.OUTPUT)
