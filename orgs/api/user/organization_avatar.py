"""The picture of an organization."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.api.user.organizations import OrganizationSerializer
from orgs.services import avatars
from platform_core.api import uploads
from platform_core.api.uploads import PhotoSerializer


class OrganizationAvatar(OrganizationSurface):
    """Its picture, for its members; admins set it and take it away."""

    access = {
        "GET": roles.ORGANIZATION_READ,
        "POST": roles.ORGANIZATION_UPDATE,
        "DELETE": roles.ORGANIZATION_UPDATE,
    }
    parser_classes = uploads.PARSERS

    @extend_schema(responses=uploads.PICTURE)
    def get(self, request: Request, organization_id: UUID) -> HttpResponse:
        return uploads.served(avatars.of_organization(self.organization))

    @extend_schema(request={"multipart/form-data": PhotoSerializer}, responses={200: OrganizationSerializer})
    def post(self, request: Request, organization_id: UUID) -> Response:
        uploads.refuse_large(request)
        content = self.validated(PhotoSerializer)["photo"].read()
        return Response(OrganizationSerializer(avatars.replace(self.organization, content, by=self.actor)).data)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, organization_id: UUID) -> Response:
        avatars.remove(self.organization, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
