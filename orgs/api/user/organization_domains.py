"""Domains of an organization: claimed, proven by a TXT record, and who joins by them."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.models import Domain
from orgs.models.domains import JOIN_ROLES
from orgs.services import domains
from platform_core.api.strict import Nothing, StrictModelSerializer, StrictSerializer
from platform_core.errors import NotFound

JOIN_ROLE_CHOICES = [(role.value, role.label) for role in JOIN_ROLES]


class DomainSerializer(StrictModelSerializer[Domain]):
    """A domain, and the TXT record that proves it. `joinRole` is what people become who confirm an address of it."""

    class Meta:
        model = Domain
        fields = [
            "id",
            "name",
            "state",
            "record_name",
            "record_value",
            "join_role",
            "verified_at",
            "checked_at",
            "created_at",
        ]
        read_only_fields = fields


class DomainCreateSerializer(StrictSerializer):
    """A domain of your own."""

    name = serializers.CharField(max_length=253)


class DomainUpdateSerializer(StrictSerializer):
    """Empty: nobody joins by it."""

    join_role = serializers.ChoiceField(choices=JOIN_ROLE_CHOICES, allow_blank=True)


class OrganizationDomainList(OrganizationSurface, generics.ListAPIView[Domain]):
    access = {"GET": roles.ORGANIZATION_READ, "POST": roles.DOMAIN_MANAGE}
    failures = {"POST": [409]}
    serializer_class = DomainSerializer

    def get_queryset(self) -> QuerySet[Domain]:
        return Domain.objects.filter(organization=self.organization).order_by("name")

    @extend_schema(request=DomainCreateSerializer, responses={201: DomainSerializer})
    def post(self, request: Request, organization_id: str) -> Response:
        """Claim a domain; it counts once its record was found."""
        given = self.validated(DomainCreateSerializer)
        made = domains.add(self.organization, given["name"], by=self.actor)
        return Response(DomainSerializer(made).data, status=status.HTTP_201_CREATED)


class _OneDomain(OrganizationSurface):
    @property
    def domain(self) -> Domain:
        """The domain in the path, if it is this organization's."""
        ours = Domain.objects.filter(organization=self.organization).select_related("organization")
        found = ours.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound("Not found.")
        return found


class OrganizationDomainDetail(_OneDomain):
    access = {"GET": roles.ORGANIZATION_READ, "PATCH": roles.DOMAIN_MANAGE, "DELETE": roles.DOMAIN_MANAGE}

    @extend_schema(responses={200: DomainSerializer})
    def get(self, request: Request, organization_id: str, pk: str) -> Response:
        return Response(DomainSerializer(self.domain).data)

    @extend_schema(request=DomainUpdateSerializer, responses={200: DomainSerializer})
    def patch(self, request: Request, organization_id: str, pk: str) -> Response:
        """Say what people become who confirm an address of the domain."""
        domain = self.domain
        given = self.validated(DomainUpdateSerializer)
        changed = domains.update(domain, join_role=given["join_role"], by=self.actor)
        return Response(DomainSerializer(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization_id: str, pk: str) -> Response:
        """Give it up; whoever joined by it stays."""
        domains.remove(self.domain, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class OrganizationDomainVerification(_OneDomain):
    access = {"POST": roles.DOMAIN_MANAGE}
    failures = {"POST": [409, 429]}
    unaudited = {"POST": "What the record proves is audited; that it was looked for again is not."}

    @extend_schema(request=Nothing, responses={200: DomainSerializer})
    def post(self, request: Request, organization_id: str, pk: str) -> Response:
        """Look for the TXT record now."""
        domain = self.domain
        self.validated(Nothing)
        return Response(DomainSerializer(domains.verify(domain, by=self.actor)).data)
