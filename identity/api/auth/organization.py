"""The organization that a sign-in works in."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api import cookies
from identity.api.authentication import credential_of
from identity.models import Session
from identity.services import access_tokens, sessions
from orgs.portal.pages import SESSION_KEY
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PersonSurface


class OrganizationInUseSerializer(StrictSerializer):
    """An organization that the person belongs to."""

    organization_id = serializers.UUIDField()


class SwitchedSerializer(OrganizationInUseSerializer):
    """The choice, and an access token that names it; the pages have none."""

    access_token = serializers.CharField(required=False)
    token_type = serializers.CharField(required=False)
    expires_in = serializers.IntegerField(required=False, help_text="Seconds.")


class OrganizationInUse(PersonSurface):
    """Choose the organization that this sign-in works in. Older access tokens name the one before until they end."""

    access = {"PUT": "person"}
    failures = {"PUT": [404]}

    @extend_schema(request=OrganizationInUseSerializer, responses={200: SwitchedSerializer})
    def put(self, request: Request) -> Response:
        organization_id = self.validated(OrganizationInUseSerializer)["organization_id"]
        session = credential_of(request).session
        sessions.work_in(session, organization_id)
        chosen = {"organization_id": organization_id}
        if session.kind != Session.Kind.TOKENS:
            request._request.session[SESSION_KEY] = str(organization_id)
            return Response(SwitchedSerializer(chosen).data)
        life = settings.ACCESS_TOKEN_SECONDS
        token = access_tokens.sign(session, seconds=life)
        answer = {**chosen, "access_token": token, "token_type": "Bearer", "expires_in": life}
        response = Response(SwitchedSerializer(answer).data)
        if credential_of(request).kind == "cookie":
            cookies.keep_access(response, token, life)
        return response
