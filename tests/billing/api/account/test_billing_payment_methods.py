"""Payment methods of the organization in use."""

from typing import Any

import pytest

from billing.models import PaymentMethod, PaymentMethodSetup
from billing.services import payment_methods
from orgs.models import Organization
from orgs.roles import Role
from platform_core import clock
from tests import make
from tests.billing.changing import customer
from tests.billing.providers.sandbox.shop import client as sandbox
from tests.clients import PersonClient

PATH = "/api/user/billing/payment-methods"


def owner_of_a_customer() -> PersonClient:
    organization = customer().organization
    payment_methods.refresh(organization)
    return PersonClient(make.person(organization), organization)


def test_the_list_shows_what_a_person_recognises_them_by(member: PersonClient) -> None:
    row = make.payment_method(member.organization, is_default=True, failure="Expired.", failed_at=clock.now())
    make.payment_method(member.organization, removed_at=clock.now())
    make.payment_method()

    found = member.get(PATH).json()

    assert found["meta"]["total"] == 1
    (item,) = found["items"]
    assert item["id"] == str(row.pk)
    assert (item["kind"], item["brand"], item["last4"], item["expMonth"], item["expYear"]) == (
        "card",
        "visa",
        "4242",
        12,
        2034,
    )
    assert (item["isDefault"], item["failure"]) == (True, "Expired.")


def test_without_anything_named_the_answer_leads_to_the_providers_page() -> None:
    client = owner_of_a_customer()

    answer = client.post(PATH, {"successUrl": "https://shop.test/done"})

    assert answer.status_code == 201, answer.content
    row = PaymentMethodSetup.objects.get()
    assert answer.json() == {"url": row.url, "paymentMethod": None}
    assert (row.success_url, row.created_by) == ("https://shop.test/done", client.user)


def test_one_that_the_page_of_the_caller_made_is_attached_and_the_default() -> None:
    client = owner_of_a_customer()
    answer = client.post(PATH, {"providerPaymentMethodId": "pm_card_mastercard"})

    assert answer.status_code == 201, answer.content
    found = answer.json()
    assert found["url"] == ""
    assert (found["paymentMethod"]["last4"], found["paymentMethod"]["isDefault"]) == ("4444", True)


def test_another_one_becomes_the_default_and_the_first_is_removed() -> None:
    client = owner_of_a_customer()
    customer_id = client.organization.billing_account.provider_customer_id
    sandbox().v1.payment_methods.attach("pm_card_mastercard", {"customer": customer_id})
    payment_methods.refresh(client.organization)
    first, other = PaymentMethod.objects.order_by("-is_default")

    chosen = client.patch(f"{PATH}/{other.pk}", {"isDefault": True})
    removed = client.delete(f"{PATH}/{first.pk}")

    assert (chosen.status_code, chosen.json()["isDefault"]) == (200, True)
    assert (removed.status_code, removed.content) == (204, b"")
    assert [item["id"] for item in client.get(PATH).json()["items"]] == [str(other.pk)]
    assert client.delete(f"{PATH}/{first.pk}").status_code == 404


def test_the_last_one_of_a_running_subscription_is_refused_with_a_reason() -> None:
    client = owner_of_a_customer()

    answer = client.delete(f"{PATH}/{PaymentMethod.objects.get().pk}")

    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert "there is no other" in answer.json()["message"]
    assert PaymentMethod.objects.get().removed_at is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"successUrl": "javascript:alert(1)"}, "successUrl"),
        ({"number": "4242424242424242"}, "number"),
        ({"providerPaymentMethodId": "x" * 121}, "providerPaymentMethodId"),
        ({"providerPaymentMethodId": "pm_1", "successUrl": "https://shop.test/"}, "successUrl"),
    ],
)
def test_what_cannot_be_read_is_named(owner: PersonClient, body: dict[str, Any], field: str) -> None:
    answer = owner.post(PATH, body)

    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])
    assert not PaymentMethodSetup.objects.exists()


@pytest.mark.parametrize("body", [{}, {"isDefault": False}, {"isDefault": "perhaps"}])
def test_a_default_is_only_ever_made(owner: PersonClient, body: dict[str, Any]) -> None:
    method = make.payment_method(owner.organization, is_default=True)

    answer = owner.patch(f"{PATH}/{method.pk}", body)

    assert (answer.status_code, list(answer.json()["details"])) == (400, ["isDefault"])


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.AUDITOR])
def test_a_role_that_may_not_buy_only_looks(organization: Organization, role: Role) -> None:
    method = make.payment_method(organization)
    client = PersonClient(make.person(organization, role), organization)

    assert client.get(PATH).status_code == 200
    assert client.post(PATH).status_code == 403
    assert client.patch(f"{PATH}/{method.pk}", {"isDefault": True}).status_code == 403
    assert client.delete(f"{PATH}/{method.pk}").status_code == 403
