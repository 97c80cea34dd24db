"""Who is signed in, in the words of NextAuth."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.authentication import credential_of
from identity.api.user.users import UserSerializer
from identity.models import Session as SignIn
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PersonSurface


class SessionSerializer(StrictSerializer):
    """A sign-in and its end; an empty object where nobody is signed in."""

    user = UserSerializer(required=False)
    expires = serializers.DateTimeField(required=False)


def of(session: SignIn) -> dict[str, Any]:
    """A sign-in as the serializer reads it."""
    expires = min(session.idle_expires_at, session.absolute_expires_at)
    return dict(SessionSerializer({"user": session.user, "expires": expires}).data)


class Session(PersonSurface):
    """Who is signed in, or an empty object. Nobody is an answer too."""

    access = {"GET": "anyone"}
    failures = {"GET": [401]}

    @extend_schema(responses={200: SessionSerializer})
    def get(self, request: Request) -> Response:
        return Response(of(credential_of(request).session) if request.successful_authenticator else {})
