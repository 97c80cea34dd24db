"""The staff console as a whole: who enters, every page for every role, and what no page ever shows."""

from collections.abc import Iterator

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.urls import reverse

from billing.models import (
    BillingAccount,
    BillingProfile,
    CheckoutSession,
    Dispute,
    FoundingMember,
    Invoice,
    LedgerTransaction,
    PaymentMethodSetup,
    Refund,
    Subscription,
    TaxRate,
)
from billing.services import coupons, wallet
from billing.services.periods import mirror
from identity import staff_roles
from identity.models import Session, User, UserActivity
from orgs.models import Organization
from platform_core import clock
from platform_core.admin.base import StaffModelAdmin, is_secret
from platform_core.apps import OUR_APPS
from platform_core.encryption import EncryptedTextField
from platform_core.models import (
    PLATFORM,
    AuditChain,
    AuditEvent,
    CronRun,
    Effect,
    Job,
    JobLog,
    Mail,
    ProviderCursor,
    ProviderEvent,
    ProviderObject,
    StepRun,
    WebhookDelivery,
    WebhookEndpoint,
)
from tests import make
from tests.make.identity import PASSWORD
from tests.pages import Browser
from tests.sign_ins import step_up

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
NAMES = [model._meta.label for model in REGISTERED]
SECRET = "open-sesame-0123456789"


def staff(role: str) -> Browser:
    """A member of staff in a role."""
    user = make.user(is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return Browser(user)


def page_of(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def _mechanisms() -> Iterator[Model]:
    now = clock.now()
    job = Job.objects.create(
        kind="provision_order", subject_type="x.y", subject_id=make.user().pk, step="s", idempotency_key="k"
    )
    yield job
    yield StepRun.objects.create(
        job=job, step="s", attempt=1, token=1, outcome="OK", started_at=now, ended_at=now, duration_ms=1
    )
    yield JobLog.objects.create(job=job, seq="1", at=now, step="s", text="hello")
    yield Effect.objects.create(job=job, key="k", provider="p", kind="k", planned_at=now)
    yield CronRun.objects.create(name="n", slot="s", started_at=now)
    yield ProviderEvent.objects.create(provider="stripe", external_id="evt_1", kind="x", occurred_at=now, body="{}")
    yield ProviderObject.objects.create(provider="stripe", external_id="cus_1")
    yield ProviderCursor.objects.create(provider="stripe", name="events")
    yield make.reconciliation_finding()
    endpoint = WebhookEndpoint.objects.create(owner_type="x.y", owner_id=job.pk, url="https://a.test", secrets=SECRET)
    yield endpoint
    yield WebhookDelivery.objects.create(endpoint=endpoint, event="e", payload={}, idempotency_key="k")
    yield Mail.objects.create(template="t", to="a@b.test", subject="s", text=SECRET, html=SECRET, idempotency_key="k")
    yield make.staff_invitation(SECRET)
    yield make.data_export(make.user(), file=SECRET)
    yield make.analytics_event(make.user())
    yield UserActivity.objects.create(user=make.user(), active_on=now.date(), last_at=now)
    yield AuditEvent.objects.create(action="x.y", actor_type="system", target_type="x", target_id="1")
    yield AuditChain.objects.create(pk=PLATFORM)
    yield Session.objects.create(
        user=make.user(),
        kind="tokens",
        security_version=1,
        handle=SECRET,
        token_digest=SECRET,
        spent=[SECRET],
        rotated_at=now,
        idle_expires_at=now,
        absolute_expires_at=now,
    )


def _billing(subscription: Subscription) -> Iterator[Model]:
    period = mirror(subscription)
    assert period is not None
    yield period
    yield make.usage_bucket(subscription)
    organization, plan, price = subscription.organization, subscription.plan, subscription.price
    yield FoundingMember.objects.create(organization=organization, user=make.user(), number=1, expires_at=clock.now())
    yield BillingAccount.objects.create(organization=organization, provider_customer_id="cus_1")
    yield CheckoutSession.objects.create(
        plan=plan, plan_version=plan.current, price=price, url=f"https://pay.test/{SECRET}", claim_digest=SECRET
    )
    yield plan.current
    coupon = make.coupon()
    yield coupon
    yield coupons.reserve(coupon, organization, by=None)


def _money(invoice: Invoice) -> Iterator[Model]:
    """What follows from an invoice: how it is paid, given back, disputed and posted."""
    organization, now = invoice.organization, clock.now()
    paid = make.payment(invoice)
    yield paid
    money = {"organization": organization, "payment": paid, "currency": "usd", "amount_minor": 100, "observed_at": now}
    yield Refund.objects.create(status="succeeded", idempotency_key="r", provider_refund_id="re_1", **money)
    yield Dispute.objects.create(status="open", provider_dispute_id="dp_1", **money)
    yield make.credit_note(invoice)
    yield make.dunning(invoice)
    yield make.payment_method(organization)
    yield PaymentMethodSetup.objects.create(
        organization=organization, created_by=make.user(), success_url="https://a.test", cancel_url="https://a.test"
    )
    assert invoice.legal_entity is not None
    yield invoice.legal_entity
    yield TaxRate.objects.create(country="IE", rate_ppm=230_000, starts_on=now.date())
    yield BillingProfile.objects.create(organization=organization, city="Cork")
    grant = wallet.grant(organization.pk, "usd", wallet.Terms(500, "Sorry"), key="g", by=None)
    yield from (grant, grant.wallet)
    posted = LedgerTransaction.objects.latest("created_at")
    yield from (posted, posted.entries.all()[0], posted.entries.all()[0].account)


def _sales(subscription: Subscription) -> Iterator[Model]:
    tenant = make.consumer_tenant(make.consumer(url="https://a.test/"), subscription.organization)
    yield from (tenant, tenant.consumer, make.purchase(subscription, consumer_tenant=tenant))
    yield make.subscription_change(subscription)
    yield make.plan_migration(subscription.plan)


def _organization(organization: Organization) -> Iterator[Model]:
    owner = make.person(organization)
    yield make.domain(organization)
    yield make.product_resource(organization)
    yield make.report(organization)
    yield make.report_schedule(organization)
    yield make.custom_role(organization)
    yield make.invitation(organization, by=owner)
    yield make.role_grant(make.membership(organization))
    yield make.audit_export(organization)
    yield make.audit_stream(organization)


def rows() -> dict[type[Model], Model]:
    """A row of each registered model that can be made without ceremony, with secrets wherever one fits."""
    server = make.server(key=SECRET)
    order = server.order
    invoice = make.invoice(order.subscription, number="MS-1")
    membership = order.organization.memberships.get()
    plan = order.subscription.plan
    found: list[Model] = [
        server,
        order,
        invoice,
        membership,
        plan,
        plan.product,
        order.subscription,
        order.subscription.price,
        order.subscription.mrr_movements.get(),
    ]
    found += [
        order.organization,
        order.customer,
        EmailAddress.objects.get(user=order.customer),
        *_mechanisms(),
        *_billing(order.subscription),
        *_money(invoice),
        *_sales(order.subscription),
        *_organization(order.organization),
    ]
    return {type(row): row for row in found if type(row) in admin.site._registry}


# --- Who enters ---------------------------------------------------------------------------------------------------


def test_nobody_is_sent_to_the_one_door_and_back() -> None:
    browser = Browser()

    door = browser.get("/admin/tenants/order/")
    login = browser.get(door["Location"])

    assert door["Location"] == "/admin/login/?next=/admin/tenants/order/"
    assert login["Location"] == "/staff/console?next=%2Fadmin%2Ftenants%2Forder%2F"
    assert browser.get(login["Location"])["Location"].startswith("/accounts/login/?next=/staff/console%3Fnext%3D")


def test_staff_sign_in_by_address_and_arrive_where_they_were_going() -> None:
    user = make.user("ada@mainstay.test", is_staff=True)
    user.groups.add(Group.objects.get(name=staff_roles.OWNER))

    answer = Browser().post(
        "/accounts/login/?next=/admin/", {"login": "ada@mainstay.test", "password": PASSWORD, "next": "/admin/"}
    )

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/tenants/order/", "/admin/search/?s=a"])
def test_a_customer_does_not_enter(path: str) -> None:
    browser = Browser(make.person(make.organization()))

    answer = browser.get(path, follow=True)

    assert answer.status_code == 403
    assert b"You may not do this" in answer.content


def test_suspended_staff_do_not_enter() -> None:
    user = make.user(is_staff=True, status=User.Status.SUSPENDED)

    assert Browser(user).get("/admin/")["Location"] == "/admin/login/?next=/admin/"


def test_signing_out_of_the_console_signs_out() -> None:
    browser = staff(staff_roles.OWNER)

    answer = browser.post("/admin/logout/")

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert browser.get("/admin/").status_code == 302


def test_a_password_is_changed_where_everybody_changes_it() -> None:
    assert staff(staff_roles.OWNER).get("/admin/password_change/")["Location"] == "/accounts/password/change/"


# --- What its pages may load --------------------------------------------------------------------------------------


def test_only_the_console_may_evaluate() -> None:
    inside = staff(staff_roles.OWNER).get("/admin/")["Content-Security-Policy"]
    outside = Browser().get("/")["Content-Security-Policy"]

    directives = inside.split("; ")
    assert "script-src 'self' 'unsafe-eval'" in directives
    assert "style-src 'self' 'unsafe-inline'" in directives
    assert "default-src 'none'" in directives
    assert "unsafe" not in outside


# --- Every page for every role ------------------------------------------------------------------------------------


def test_an_owner_searches_every_list() -> None:
    rows()
    browser = staff(staff_roles.OWNER)

    found = {
        model._meta.label: browser.get(page_of(model, "changelist"), {"q": "a b"}).status_code for model in REGISTERED
    }

    assert found == dict.fromkeys(NAMES, 200)


def test_an_owner_opens_every_row_and_no_page_shows_a_secret() -> None:
    browser = staff(staff_roles.OWNER)

    pages = {model._meta.label: browser.get(page_of(model, "change", row.pk)) for model, row in rows().items()}

    assert {name: page.status_code for name, page in pages.items()} == dict.fromkeys(pages, 200)
    assert [name for name, page in pages.items() if SECRET in page.content.decode()] == []
    assert len(pages) == len(REGISTERED)


def test_an_owner_opens_each_form_that_adds_a_row() -> None:
    browser = staff(staff_roles.OWNER)
    step_up(User.objects.get(is_staff=True), "staff.change_role")

    found = {model._meta.label for model in REGISTERED if browser.get(page_of(model, "add")).status_code == 200}

    assert found == {
        "billing.Consumer",
        "billing.ConsumerTenant",
        "billing.Coupon",
        "billing.Plan",
        "billing.Price",
        "billing.TaxRate",
        "identity.StaffInvitation",
        "orgs.Product",
    }


@pytest.mark.parametrize("role", staff_roles.ROLES)
def test_a_role_opens_what_its_permissions_name_and_nothing_else(role: str) -> None:
    rows()
    browser = staff(role)
    pairs = staff_roles.permissions_of(role).values_list("content_type__app_label", "codename")
    held = {f"{app_label}.{codename}" for app_label, codename in pairs}

    found = {model._meta.label: browser.get(page_of(model, "changelist")).status_code for model in REGISTERED}

    assert found == {model._meta.label: 200 if held & set(opened_by(model)) else 403 for model in REGISTERED}


def opened_by(model: type[Model]) -> tuple[str, ...]:
    """The permissions of which one opens a model's list."""
    if model._meta.app_label not in OUR_APPS:
        return ("identity.view_user",)
    return tuple(f"{model._meta.app_label}.{verb}_{model._meta.model_name}" for verb in ("view", "change"))


def test_nothing_is_deleted_here() -> None:
    browser = staff(staff_roles.OWNER)

    for model, row in rows().items():
        assert browser.post(page_of(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        assert model._base_manager.filter(pk=row.pk).exists()


def test_nothing_of_a_library_is_there_but_what_helps_a_person() -> None:
    theirs = {model._meta.label for model in REGISTERED if model._meta.app_label not in OUR_APPS}

    assert theirs == {"account.EmailAddress"}


# --- What no page ever shows --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", REGISTERED, ids=NAMES)
def test_no_secret_is_among_the_fields(model: type[Model]) -> None:
    page = admin.site._registry[model]
    assert isinstance(page, StaffModelAdmin)

    shown = {field for field in model._meta.fields if field.name in page.shown()}
    listed = set(page.list_display) | {name.partition("__")[0] for name in page.search_fields}

    assert not [field.name for field in shown if is_secret(field)]
    assert not [field.name for field in model._meta.fields if is_secret(field) and field.name in listed]


def test_what_is_encrypted_is_a_secret_whatever_its_name() -> None:
    assert is_secret(Mail._meta.get_field("text"))
    assert isinstance(Mail._meta.get_field("text"), EncryptedTextField)
    assert not is_secret(Mail._meta.get_field("subject"))
