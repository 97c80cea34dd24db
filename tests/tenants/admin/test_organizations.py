"""An organization's page in the console: everything known of it."""

from billing.services.periods import mirror
from orgs.models import Organization
from orgs.roles import Role
from platform_core import clock
from platform_core.services import audit
from tests import clients, make


def page_of(organization: Organization, role: str = "OWNER") -> str:
    answer = clients.staff_in(role).get(f"/admin/orgs/organization/{organization.pk}/change/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_everything_is_on_one_page() -> None:
    organization = make.organization("Harbour Bakery", seat_limit=5, session_max_hours=12)
    ada = make.person(organization, email="ada@harbour.test", first_name="Ada", last_name="Marlow")
    make.membership(organization, custom_role=make.custom_role(organization, "recruiter"))
    make.invitation(organization, by=ada, email="nora@example.test", role=Role.ADMIN)
    subscription = make.subscription(organization)
    make.order(organization, subscription, customer=ada, domain="harbour.tenants.localhost")
    invoice = make.invoice(subscription)
    period = mirror(subscription)
    assert period is not None
    make.usage_bucket(subscription, bucket_hour=period.usage_from, tokens_total=250_000)
    audit.record("organization.create", organization, by=ada)

    html = page_of(organization)

    for text in (
        "Ada Marlow",
        "Recruiter",
        "nora@example.test",
        "from Ada Marlow",
        "3 of 5 seats taken",
        "signs in every 12 hours",
        "250K of 1M tokens, 25%",
        "harbour.tenants.localhost",
        invoice.number,
        "Organization create",
    ):
        assert text in html, text


def test_of_an_empty_one_it_says_that_there_is_nothing() -> None:
    html = page_of(make.organization())

    for text in ("Nobody belongs to it.", "Nobody is invited.", "Nothing bought yet.", "No order yet.", "None yet."):
        assert text in html, text


def test_each_part_takes_its_permission() -> None:
    organization = make.organization(status="deleted", deleted_at=clock.now())
    make.invoice(make.subscription(organization))

    html = page_of(organization, "SUPPORT")

    assert "Members" in html
    assert "Invoices</h2>" not in html
    assert "What was done" not in html
    assert "Restore" not in html
