"""What every page of the console does: changes leave events, operations are posted, refusals are told."""

import pytest
from django.contrib.auth.models import Group

from identity import staff_roles
from identity.models import User
from orgs.models import Organization, Product
from platform_core.models import AuditEvent, Job, WebhookDelivery, WebhookEndpoint
from tests import make
from tests.clients import staff
from tests.pages import Browser
from tests.sign_ins import step_up


def test_a_change_is_saved_with_its_event() -> None:
    organization = make.organization("Harbour Bakery")
    ada = staff("orgs.change_organization")

    answer = Browser(ada.user).post(
        f"/admin/orgs/organization/{organization.pk}/change/",
        {"name": "Harbour Bakers", "billing_email": "pay@harbour.test", "seat_limit": "7"}
        | {f"memberships-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")},
    )

    organization.refresh_from_db()
    event = AuditEvent.objects.get()
    assert answer.status_code == 302
    assert (organization.name, organization.seat_limit) == ("Harbour Bakers", 7)
    assert (event.action, event.actor_label, event.actor_type) == ("organization.update", ada.user.email, "staff")
    assert event.changes["name"] == ["Harbour Bakery", "Harbour Bakers"]
    assert event.organization_id == organization.pk


def test_what_is_not_editable_stays_whatever_is_posted() -> None:
    organization = make.organization("Harbour Bakery")

    Browser(staff("orgs.change_organization").user).post(
        f"/admin/orgs/organization/{organization.pk}/change/",
        {"name": "N", "billing_email": "pay@harbour.test", "slug": "stolen", "status": "suspended"}
        | {f"memberships-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")},
    )

    fresh = Organization.objects.get(pk=organization.pk)
    assert (fresh.name, fresh.slug, fresh.status) == ("N", organization.slug, Organization.Status.ACTIVE)


def test_seeing_is_not_changing() -> None:
    organization = make.organization("Harbour Bakery")
    browser = Browser(staff("orgs.view_organization").user)

    assert browser.get(f"/admin/orgs/organization/{organization.pk}/change/").status_code == 200
    assert browser.post(f"/admin/orgs/organization/{organization.pk}/change/", {"name": "N"}).status_code == 403
    event = AuditEvent.objects.get()
    address = "/admin/orgs/organization/<path:object_id>/change/"
    assert (event.action, event.organization_id, event.actor_type) == ("access.denied", None, "staff")
    assert event.changes == {"method": "POST", "address": address, "status": 403}


@pytest.mark.parametrize("month", ["13", "9" * 20])
def test_a_month_that_does_not_exist_shows_the_whole_list(month: str) -> None:
    browser = Browser(staff("orgs.view_organization").user)

    answer = browser.get(f"/admin/orgs/organization/?created_at__year=2026&created_at__month={month}")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/orgs/organization/?e=1")


def test_a_row_that_is_added_leaves_an_event() -> None:
    Browser(staff("orgs.add_product", "orgs.view_product").user).post(
        "/admin/orgs/product/add/", {"code": "pages", "name": "Pages", "description": "", "position": "1"}
    )

    assert Product.objects.get().code == "pages"
    assert AuditEvent.objects.get().action == "product.create"


# --- Operations ---------------------------------------------------------------------------------------------------


def test_an_operation_calls_its_service_and_says_so() -> None:
    person = make.user("kim@harbour.test")
    browser = Browser(staff("identity.view_user", "identity.suspend_user").user)

    answer = browser.post(f"/admin/identity/user/{person.pk}/do/suspend/", follow=True)

    person.refresh_from_db()
    assert answer.redirect_chain == [(f"/admin/identity/user/{person.pk}/change/", 302)]
    assert "Suspend: kim@harbour.test: done." in answer.content.decode()
    assert person.status == User.Status.SUSPENDED
    assert AuditEvent.objects.get().action == "user.suspend"


def test_a_service_s_refusal_is_told_and_changes_nothing() -> None:
    ada = staff("identity.view_user", "identity.suspend_user").user
    browser = Browser(ada)
    step_up(ada, "staff.change_role")

    answer = browser.post(f"/admin/identity/user/{ada.pk}/do/suspend/", follow=True)

    assert "You cannot suspend your own account." in answer.content.decode()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("permission", ["identity.view_user", "identity.change_user"])
def test_an_operation_takes_its_own_permission(permission: str) -> None:
    person = make.user()

    answer = Browser(staff(permission).user).post(f"/admin/identity/user/{person.pk}/do/suspend/")

    person.refresh_from_db()
    assert (answer.status_code, person.status) == (403, User.Status.ACTIVE)


def test_following_a_link_operates_nothing() -> None:
    person = make.user()
    browser = Browser(staff("identity.view_user", "identity.suspend_user").user)

    assert browser.get(f"/admin/identity/user/{person.pk}/do/suspend/").status_code == 405
    assert browser.post(f"/admin/identity/user/{person.pk}/do/nonsense/").status_code == 403
    assert browser.post(f"/admin/identity/user/{make.organization().pk}/do/suspend/").status_code == 404
    assert User.objects.get(pk=person.pk).status == User.Status.ACTIVE


def test_a_forged_post_operates_nothing() -> None:
    person = make.user()
    browser = Browser(staff("identity.view_user", "identity.suspend_user").user, enforce_csrf_checks=True)

    assert browser.post(f"/admin/identity/user/{person.pk}/do/suspend/").status_code == 403
    assert User.objects.get(pk=person.pk).status == User.Status.ACTIVE


def test_an_operation_applies_to_every_chosen_row() -> None:
    chosen, other = [make.user() for _ in range(2)], make.user()

    Browser(staff("identity.view_user", "identity.suspend_user").user).post(
        "/admin/identity/user/", {"action": "suspend", "_selected_action": [str(each.pk) for each in chosen]}
    )

    assert set(User.objects.filter(status=User.Status.SUSPENDED)) == set(chosen)
    assert other.status == User.Status.ACTIVE


def test_only_what_can_be_done_now_is_offered() -> None:
    suspended = make.user(status=User.Status.SUSPENDED)

    html = (
        Browser(staff("identity.view_user", "identity.suspend_user").user)
        .get(f"/admin/identity/user/{suspended.pk}/change/")
        .content.decode()
    )

    assert "/do/reactivate/" in html
    assert "/do/suspend/" not in html


def test_a_failed_job_is_offered_again_and_a_running_one_can_be_stopped() -> None:
    browser = Browser(staff("platform_core.view_job", "platform_core.retry_job").user)
    ids = {status: _job(status) for status in (Job.Status.FAILED, Job.Status.WAITING, Job.Status.DONE)}

    pages = {
        status: browser.get(f"/admin/platform_core/job/{pk}/change/").content.decode() for status, pk in ids.items()
    }

    assert {
        status: [name for name in ("retry", "cancel") if f"/do/{name}/" in html] for status, html in pages.items()
    } == {
        Job.Status.FAILED: ["retry"],
        Job.Status.WAITING: ["cancel"],
        Job.Status.DONE: [],
    }


def _job(status: str) -> object:
    person = make.user()
    fields = {"subject_type": "identity.user", "subject_id": person.pk, "step": "s", "idempotency_key": str(person.pk)}
    return Job.objects.create(kind="provision_order", status=status, **fields).pk


def test_a_delivery_that_was_given_up_is_owed_again() -> None:
    endpoint = WebhookEndpoint.objects.create(
        owner_type="x.y", owner_id=make.user().pk, url="https://a.test", secrets="s"
    )
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, event="e", payload={}, idempotency_key="k", status=WebhookDelivery.Status.FAILED, attempt=10
    )
    browser = Browser(staff("platform_core.view_webhookdelivery", "platform_core.change_webhookdelivery").user)

    browser.post(f"/admin/platform_core/webhookdelivery/{delivery.pk}/do/redeliver/")

    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempt) == (WebhookDelivery.Status.PENDING, 0)
    assert AuditEvent.objects.get().action == "webhook_delivery.redeliver"


def test_an_operation_of_the_whole_list_stands_above_it_and_tells_what_came_of_it() -> None:
    browser = Browser(staff("billing.view_billingperiod", "billing.change_billingperiod").user)

    assert "/admin/billing/billingperiod/do/cycle/" in browser.get("/admin/billing/billingperiod/").content.decode()
    answer = browser.post("/admin/billing/billingperiod/do/cycle/", follow=True)

    assert "Run the billing cycle now: 0 closed, 0 charged, 0 waiting." in answer.content.decode()


def test_the_whole_list_s_operation_takes_its_permission_too() -> None:
    browser = Browser(staff("billing.view_billingperiod").user)

    assert "/do/cycle/" not in browser.get("/admin/billing/billingperiod/").content.decode()
    assert browser.post("/admin/billing/billingperiod/do/cycle/").status_code == 403


def test_the_owner_s_role_may_run_every_operation() -> None:
    ada = make.user(is_staff=True)
    ada.groups.add(Group.objects.get(name=staff_roles.OWNER))

    assert ada.has_perms(["platform_core.retry_job", "tenants.provision_order", "identity.suspend_user"])
    assert ada.has_perms(
        ["platform_core.change_webhookdelivery", "billing.change_billingperiod", "billing.change_price"]
    )


@pytest.mark.parametrize(
    ("status", "is_active", "reason"),
    [
        (WebhookDelivery.Status.PENDING, True, "It is being delivered already."),
        (WebhookDelivery.Status.FAILED, False, "Its endpoint is disabled."),
    ],
)
def test_a_delivery_that_cannot_be_owed_again_says_why(status: str, is_active: bool, reason: str) -> None:
    endpoint = WebhookEndpoint.objects.create(
        owner_type="x.y", owner_id=make.user().pk, url="https://a.test", secrets="s", is_active=is_active
    )
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, event="e", payload={}, idempotency_key="k", status=status, attempt=3
    )
    browser = Browser(staff("platform_core.view_webhookdelivery", "platform_core.change_webhookdelivery").user)

    answer = browser.post(f"/admin/platform_core/webhookdelivery/{delivery.pk}/do/redeliver/", follow=True)

    delivery.refresh_from_db()
    assert reason in answer.content.decode()
    assert (delivery.status, delivery.attempt) == (status, 3)
    assert not AuditEvent.objects.exists()
