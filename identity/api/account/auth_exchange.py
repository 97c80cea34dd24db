"""Handing a sign-in on to a browser."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.authentication import credential_of
from identity.services import exchange
from platform_core.api.strict import Nothing, StrictSerializer
from platform_core.api.surfaces import PersonSurface
from platform_core.errors import NotAllowed


class ExchangeTokenSerializer(StrictSerializer):
    """What `/auth/set-cookie` takes, once."""

    token = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")


class AuthExchange(PersonSurface):
    """A token that one browser can trade for cookies at `/auth/set-cookie`, once and within a minute."""

    access = {"POST": "person"}

    @extend_schema(request=Nothing, responses={201: ExchangeTokenSerializer})
    def post(self, request: Request) -> Response:
        self.validated(Nothing)
        credential = credential_of(request)
        if credential.kind != "bearer":
            raise NotAllowed("Whoever has cookies has no use for this. Send the access token as a bearer.")
        given = {"token": exchange.issue(credential.session), "expires_in": int(exchange.LIFE.total_seconds())}
        return Response(ExchangeTokenSerializer(given).data, status=status.HTTP_201_CREATED)
