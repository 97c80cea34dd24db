"""What every way of signing in answers: tokens, or a token for the second factor."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api import cookies
from identity.api.user.users import UserSerializer
from identity.services.sign_in import SecondFactorNeeded
from identity.services.tokens import IssuedTokens
from platform_core.api.strict import StrictSerializer


class TokensSerializer(StrictSerializer):
    """What signing in and refreshing answer; the refresh token travels in its cookie only."""

    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")
    user = UserSerializer(source="session.user")


class SecondFactorSerializer(StrictSerializer):
    """The first factor was right, and there is another: the token goes with its code to `/api/v1/auth/2fa/verify`."""

    requires_2FA = serializers.BooleanField(default=True)  # noqa: N815 - the name on the wire
    pending_token = serializers.CharField()


SIGNED_IN = PolymorphicProxySerializer(
    component_name="SignedIn",
    serializers=[TokensSerializer, SecondFactorSerializer],
    resource_type_field_name=None,
)


def answer(request: Request, outcome: IssuedTokens | SecondFactorNeeded) -> Response:
    """Tokens, which the browser keeps in cookies too; or what is still wanted."""
    if isinstance(outcome, SecondFactorNeeded):
        return Response(pending(outcome))
    response = Response(TokensSerializer(outcome).data)
    cookies.begin(response, request, outcome)
    return response


def pending(outcome: SecondFactorNeeded) -> dict[str, Any]:
    """What is still wanted, as every form of signing in says it."""
    wanted = {"requires_2FA": True, "pending_token": outcome.pending_token}
    return dict(SecondFactorSerializer(wanted).data)
