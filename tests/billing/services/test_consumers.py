"""Consumers and their tenants."""

import json

import pytest

from billing.models import BillingProfile, Consumer, ConsumerTenant
from billing.services import consumers
from orgs.models import Organization
from platform_core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from platform_core.models import AuditEvent
from tests import make
from tests.processes import race, shared_database

URL = "http://funnel.internal:8080/api/internal/payments/events"
GIVEN = {"name": "Demo", "legal_name": "Demo SRL", "billing_email": "billing@demo.test"}


def test_the_first_address_brings_a_secret_and_another_keeps_it() -> None:
    consumer, by = make.consumer("funnel"), make.user()
    with pytest.raises(Conflict):
        consumers.endpoint_of(consumer)

    secret = consumers.set_endpoint(consumer, URL, by=by)
    again = consumers.set_endpoint(consumer, URL + "/2", by=by)
    unchanged = consumers.set_endpoint(consumer, URL + "/2", by=by)

    consumer = Consumer.objects.get()
    endpoint = consumers.endpoint_of(consumer)
    assert secret.startswith("whsec_")
    assert (again, unchanged, endpoint.signing_secrets) == ("", "", [secret])
    assert (endpoint.url, endpoint.enrolled, endpoint.audience_id) == (URL + "/2", True, consumer.pk)
    events = list(AuditEvent.objects.order_by("pk").values_list("changes", flat=True))
    assert [each["url"] for each in events] == [["", URL], [URL, URL + "/2"]]
    assert secret not in json.dumps(events)


@pytest.mark.parametrize("url", ["", "funnel", "ftp://funnel/", "https://a:b@funnel/", "http:///events"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        consumers.set_endpoint(make.consumer(), url, by=make.user())


def test_a_new_secret_overlaps_with_the_old() -> None:
    consumer, by = make.consumer(url=URL), make.user()
    old = consumers.endpoint_of(consumer).secrets

    new = consumers.renew_secret(consumer, by=by)

    consumer = Consumer.objects.get()
    assert consumers.endpoint_of(consumer).signing_secrets == [new, old]


def test_a_consumer_is_suspended_and_let_go_on() -> None:
    consumer, by = make.consumer(), make.user()

    consumers.set_status(consumer, Consumer.Status.SUSPENDED, by=by)
    with pytest.raises(NotAllowed):
        consumers.require_active(Consumer.objects.get())
    with pytest.raises(Conflict):
        consumers.set_status(consumer, Consumer.Status.SUSPENDED, by=by)
    consumers.set_status(consumer, Consumer.Status.ACTIVE, by=by)

    consumers.require_active(Consumer.objects.get())
    changes = list(AuditEvent.objects.order_by("pk").values_list("changes", flat=True))
    assert changes == [{"status": ["active", "suspended"]}, {"status": ["suspended", "active"]}]


def test_invoices_carry_the_legal_name_until_the_organization_writes_another() -> None:
    consumer = make.consumer("funnel")

    def named() -> str:
        return BillingProfile.objects.get().legal_name

    consumers.tenant_for(consumer, "t", GIVEN)
    first = named()
    consumers.tenant_for(consumer, "t", {**GIVEN, "legal_name": "Demo Holding SRL"})
    consumers.tenant_for(consumer, "t", {"name": "Demo 2"})
    second = named()
    BillingProfile.objects.update(legal_name="What the tenant wrote")
    consumers.tenant_for(consumer, "t", {"legal_name": "Demo Three SRL"})

    assert (first, second, named()) == ("Demo SRL", "Demo Holding SRL", "What the tenant wrote")
    told = AuditEvent.objects.filter(action="billing_profile.update")
    assert {event.actor_label for event in told} == {"consumer funnel"}
    without = consumers.tenant_for(consumer, "u", {"name": "U", "billing_email": "u@demo.test"})
    assert not BillingProfile.objects.filter(organization=without.organization_id).exists()


def test_the_same_id_at_two_consumers_is_two_tenants() -> None:
    one = consumers.tenant_for(make.consumer("one"), "t", GIVEN)
    two = consumers.tenant_for(make.consumer("two"), "t", GIVEN)

    assert one.organization != two.organization
    assert consumers.tenant_named("t", "two") == two
    with pytest.raises(InvalidInput):
        consumers.tenant_named("t")
    with pytest.raises(InvalidInput):
        consumers.tenant_named("t", "three")
    with pytest.raises(NotFound):
        consumers.tenant_named("u")


def test_an_organization_of_its_own_keeps_its_name() -> None:
    organization = make.organization("Harbour Bakery")
    tenant = make.consumer_tenant(make.consumer("one"), organization, external_id="t")

    consumers.tenant_for(tenant.consumer, "t", GIVEN)

    organization.refresh_from_db()
    assert organization.name == "Harbour Bakery"
    assert ConsumerTenant.objects.get().legal_name == "Demo SRL"


@pytest.mark.django_db(transaction=True)
def test_a_tenant_that_is_named_by_many_at_once_is_one(tmp_path: object) -> None:
    with shared_database(tmp_path):  # type: ignore[arg-type]
        consumer = make.consumer()
        found = race(8, lambda _: str(consumers.tenant_for(consumer, "t", GIVEN).pk))

        assert len(set(found)) == 1
        assert Organization.objects.count() == 1
