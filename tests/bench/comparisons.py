"""What is measured."""

from collections.abc import Callable, Iterator

from django.db import transaction

from identity.services import tokens
from platform_core import scoping
from platform_core.services import audit
from tenants.models import ServerBeat
from tests import clients, make
from tests.bench import audit as audit_log
from tests.bench import claims, invoices, members, people, revenue, served, webhooks, wsgi
from tests.bench.harness import Bound, Comparison, compare
from tests.bench.references import body_of

KEY = "hk_" + "b" * 43
# An hour: longer than any run.
TOKEN_SECONDS = 3600
BEAT = {
    "status": "healthy",
    "openclawVersion": "v2026.2.1",
    "safetyWrapperVersion": "v1.0.3",
    "configVersion": 1,
    "agents": {"dispatcher": {"status": "active", "lastActiveAt": "2026-03-15T14:20:00Z"}},
    "resources": {
        "cpuPercent": 23, "memoryUsedMb": 6144, "memoryTotalMb": 16384, "diskUsedGb": 45, "diskTotalGb": 320,
        "containersRunning": 18, "containersStopped": 2,
    },
}  # fmt: skip


def run(wanted: str = "") -> Iterator[Comparison | Bound]:
    """Every comparison in turn, or those whose name has a word in it; then what has a limit and no reference."""
    for measure in COMPARISONS:
        if wanted in measure.__name__:
            with scoping.system():
                comparison = measure()
            yield comparison
    for word, measures in BOUNDS.items():
        if wanted in word:
            with scoping.system():
                yield from measures()


def heartbeat() -> Comparison:
    """A beat, end to end."""
    server = make.server(make.order(), key=KEY)
    ServerBeat.objects.get_or_create(server=server)
    ours = wsgi.call(wsgi.ours(), "POST", "/api/v1/tenant/heartbeat", body_of(BEAT), authorization=f"Bearer {KEY}")
    reference = wsgi.call(wsgi.usual(), "POST", f"/bench/heartbeat/{server.key_digest}", body_of(BEAT))
    return compare("heartbeat", ours, "DRF serializer, lock and save", reference, target=4)


def list_of_25() -> Comparison:
    """A page of a staff list."""
    for _ in range(25):
        make.server(make.order())
    staff = clients.staff("tenants.view_order").user
    signed_in = tokens.issue(
        staff, organization_id=None, methods=["otp", "pwd"], two_factor=True, seconds=TOKEN_SECONDS
    )
    bearer = f"Bearer {signed_in.access_token}"
    ours = wsgi.call(wsgi.ours(), "GET", "/api/v1/admin/orders?pageSize=25", authorization=bearer)
    reference = wsgi.call(wsgi.usual(), "GET", "/bench/orders")
    return compare("25 orders", ours, "ModelSerializer list, open to all", reference, target=1.5)


def audited_write() -> Comparison:
    """A profile change through the API, which records it, beside itself with the recording left out."""
    organization = make.organization()
    person = make.person(organization)

    def change() -> None:
        with transaction.atomic():
            person.save(update_fields=["first_name"])

    def audited_change() -> None:
        with transaction.atomic():
            person.save(update_fields=["first_name"])
            audit.record("user.update", person, by=person, changes={"first_name": "Kim"})

    return compare("write with audit event", audited_change, "the same without", change, target=0.3)


COMPARISONS: list[Callable[[], Comparison]] = [
    heartbeat,
    webhooks.receiver,
    people.read_oneself,
    people.login,
    people.login_unknown,
    people.login_suspended,
    list_of_25,
    audited_write,
    claims.claim,
    claims.step,
]
BOUNDS: dict[str, Callable[[], Iterator[Bound]]] = {
    "audit": audit_log.measures,
    "members": members.measures,
    "invoices": invoices.measures,
    "receiver served": served.measures,
    "revenue": revenue.measures,
}
