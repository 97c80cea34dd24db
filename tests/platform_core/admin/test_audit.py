"""The audit log in the console: where each event is sealed, and whether the chains hold."""

from orgs.models import Organization
from platform_core import worker
from platform_core.models import AuditChain, AuditEvent, Job, JobLog
from tests import make
from tests.clients import staff

CHAINS = "/admin/platform_core/auditchain/"


def test_events_show_their_place(organization: Organization) -> None:
    make.sealed_chain(organization, 2)
    make.audit_event(organization, "thing.late")
    event = AuditEvent.objects.get(sequence=2)

    client = staff("platform_core.view_auditevent")
    listed = client.get("/admin/platform_core/auditevent/").content.decode()
    shown = client.get(f"/admin/platform_core/auditevent/{event.pk}/change/").content.decode()

    assert ">Waits<" in listed
    assert ">2<" in listed
    assert event.hash in shown
    assert event.proofs["target"]["salt"] not in shown


def test_a_chain_is_looked_through_on_request(organization: Organization) -> None:
    chain = make.sealed_chain(organization, 3)
    client = staff("platform_core.view_auditchain", "platform_core.verify_auditchain")
    assert "Never" in client.get(CHAINS).content.decode()

    client.post(f"{CHAINS}{chain.pk}/do/verify/", follow=True)
    again = client.post(f"{CHAINS}{chain.pk}/do/verify/", follow=True)
    while worker.round("test"):
        pass

    assert "looked through already" in again.content.decode()
    assert Job.objects.filter(kind="platform_core.verify_audit_chain").count() == 1
    assert "all of it fits" in JobLog.objects.get(text__contains="fits").text
    assert "Holds" in client.get(CHAINS).content.decode()
    asked = AuditEvent.objects.get(action="audit_log.verify")
    assert (asked.actor_id, asked.organization_id) == (str(client.user.pk), organization.pk)


def test_a_broken_one_is_told(organization: Organization) -> None:
    chain = make.sealed_chain(organization, 3)
    AuditChain.objects.filter(pk=chain.pk).update(hash="b" * 64)
    client = staff("platform_core.view_auditchain", "platform_core.verify_auditchain")

    client.post(f"{CHAINS}{chain.pk}/do/verify/")
    while worker.round("test"):
        pass

    assert "Broken" in client.get(CHAINS).content.decode()
    page = client.get(f"{CHAINS}{chain.pk}/change/").content.decode()
    assert "The chain&#x27;s head is not event 3." in page


def test_whoever_only_looks_cannot_have_it_looked_through(organization: Organization) -> None:
    chain = make.sealed_chain(organization, 1)

    assert staff("platform_core.view_auditchain").post(f"{CHAINS}{chain.pk}/do/verify/").status_code == 403
    assert not Job.objects.exists()
