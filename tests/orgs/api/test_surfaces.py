"""Endpoints that act for one organization: which one, and what the role may do there."""

from uuid import UUID

import pytest
from django.test import RequestFactory
from django.urls import ResolverMatch
from rest_framework.request import Request
from rest_framework.response import Response

from identity.browser_sessions import SessionStore
from identity.services import tokens
from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.models import Membership, Organization
from orgs.roles import Role
from platform_core import scoping
from tests import make
from tests.clients import PersonClient


class Probe(OrganizationSurface):
    """Tells which organization it acts for and whose rows are in sight."""

    access = {"GET": "person", "POST": roles.BILLING_MANAGE}

    def get(self, request: Request, **kwargs: object) -> Response:
        seen = Organization.objects.values_list("name", flat=True)
        return Response({"organization": self.organization.name, "role": self.membership.role, "seen": sorted(seen)})

    post = get


def call(person: PersonClient, claim: UUID | None, method: str = "get", **kwargs: UUID) -> Response:
    issued = tokens.issue(person.user, organization_id=claim)
    request = getattr(RequestFactory(), method)("/", HTTP_AUTHORIZATION=f"Bearer {issued.access_token}")
    request.resolver_match = ResolverMatch(Probe.as_view(), (), kwargs, route="probe")
    with scoping.using(None):
        response: Response = Probe.as_view()(request, **kwargs)
    return response


def test_the_path_names_the_organization_else_the_claim_does(owner: PersonClient) -> None:
    second = make.organization("Annex")
    make.membership(second, owner.user, role=Role.MEMBER)

    by_claim = call(owner, owner.organization.pk).data
    by_path = call(owner, owner.organization.pk, organization_id=second.pk).data

    assert by_claim == {"organization": "Harbour Bakery", "role": "owner", "seen": ["Harbour Bakery"]}
    assert by_path == {"organization": "Annex", "role": "member", "seen": ["Annex"]}


def test_without_either_the_caller_is_told_to_choose(owner: PersonClient) -> None:
    response = call(owner, None)

    assert response.status_code == 400
    assert response.data["code"] == "VALIDATION_ERROR"


def test_a_claim_of_an_organization_one_left_is_worth_nothing(owner: PersonClient) -> None:
    Membership.objects.filter(user=owner.user).delete()

    assert call(owner, owner.organization.pk).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 200), (Role.BILLING, 200), (Role.ADMIN, 403), (Role.MEMBER, 403), (Role.AUDITOR, 403)],
)
def test_the_role_decides_and_is_read_at_each_request(owner: PersonClient, role: Role, status: int) -> None:
    Membership.objects.filter(user=owner.user).update(role=role)

    assert call(owner, owner.organization.pk, "post").status_code == status


def test_nobody_is_asked_who_they_are_first(organization: Organization) -> None:
    request = RequestFactory().get("/")
    request.session = SessionStore()

    with scoping.using(None):
        response = Probe.as_view()(request, organization_id=organization.pk)

    assert response.status_code == 401
