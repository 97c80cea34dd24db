"""The roles of an organization: the built-in ones and its own."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.models import CustomRole
from orgs.roles import Role
from orgs.services import custom_roles
from platform_core.api.pagination import WholePage
from platform_core.api.strict import StrictSerializer
from platform_core.errors import NotFound


class OrganizationRoleSerializer(StrictSerializer):
    """A role and what it may do. Built-in ones have no id: nobody changes them."""

    id = serializers.UUIDField(allow_null=True)
    key = serializers.CharField()
    name = serializers.CharField()
    is_built_in = serializers.BooleanField()
    permissions = serializers.ListField(child=serializers.ChoiceField(choices=list(roles.REGISTRY.items())))


class OrganizationRoleChangeSerializer(StrictSerializer):
    """A custom role. To see the organization is part of each."""

    name = serializers.CharField(max_length=60)
    permissions = serializers.ListField(child=serializers.CharField(max_length=60), max_length=len(roles.REGISTRY))


class OrganizationRoleList(OrganizationSurface):
    """Every role; custom ones are made here."""

    access = {"GET": roles.ORGANIZATION_READ, "POST": roles.ROLE_MANAGE}
    failures = {"POST": [409]}
    pagination_class = WholePage

    @extend_schema(responses={200: OrganizationRoleSerializer(many=True)})
    def get(self, request: Request, organization_id: UUID) -> Response:
        own = CustomRole.objects.filter(organization=self.organization)
        items = [*(_built_in(role) for role in Role), *(_custom(role) for role in own)]
        return self.page(items, OrganizationRoleSerializer)

    @extend_schema(request=OrganizationRoleChangeSerializer, responses={201: OrganizationRoleSerializer})
    def post(self, request: Request, organization_id: UUID) -> Response:
        given = self.validated(OrganizationRoleChangeSerializer)
        made = custom_roles.create_role(self.organization, given["name"], given["permissions"], by=self.actor)
        return Response(OrganizationRoleSerializer(_custom(made)).data, status=status.HTTP_201_CREATED)


class OrganizationRoleDetail(OrganizationSurface):
    """One custom role."""

    access = {"GET": roles.ORGANIZATION_READ, "PUT": roles.ROLE_MANAGE, "DELETE": roles.ROLE_MANAGE}
    failures = {"DELETE": [409]}

    @extend_schema(responses={200: OrganizationRoleSerializer})
    def get(self, request: Request, organization_id: UUID, pk: UUID) -> Response:
        return Response(OrganizationRoleSerializer(_custom(self._role(pk))).data)

    @extend_schema(request=OrganizationRoleChangeSerializer, responses={200: OrganizationRoleSerializer})
    def put(self, request: Request, organization_id: UUID, pk: UUID) -> Response:
        role, given = self._role(pk), self.validated(OrganizationRoleChangeSerializer)
        changed = custom_roles.change_role(role, given["name"], given["permissions"], by=self.actor)
        return Response(OrganizationRoleSerializer(_custom(changed)).data)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, organization_id: UUID, pk: UUID) -> Response:
        custom_roles.delete_role(self._role(pk), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _role(self, pk: UUID) -> CustomRole:
        found = CustomRole.objects.filter(organization=self.organization, pk=pk).select_related("organization").first()
        if found is None:
            raise NotFound("Not found.")
        return found


def _ordered(held: Iterable[str]) -> list[str]:
    return [permission for permission in roles.REGISTRY if permission in frozenset(held)]


def _built_in(role: Role) -> dict[str, Any]:
    held = _ordered(roles.PERMISSIONS[role])
    return {"id": None, "key": role.value, "name": role.label, "is_built_in": True, "permissions": held}


def _custom(role: CustomRole) -> dict[str, Any]:
    held = _ordered(role.held)
    return {"id": role.pk, "key": role.key, "name": role.name, "is_built_in": False, "permissions": held}
