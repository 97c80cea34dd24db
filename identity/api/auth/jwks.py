"""The keys by which others verify our access tokens (RFC 7517)."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.services import signing_keys
from platform_core.api.surfaces import PublicPlatformSurface


class KeySerializer(serializers.Serializer[object]):
    """One public key, named by the `kid` of the tokens it verifies."""

    kty = serializers.CharField()
    crv = serializers.CharField()
    x = serializers.CharField()
    y = serializers.CharField()
    kid = serializers.CharField()
    use = serializers.CharField()
    alg = serializers.CharField()


class KeysSerializer(serializers.Serializer[object]):
    """Every key that verifies now, also those that do not sign any more."""

    keys = KeySerializer(many=True)


class Jwks(PublicPlatformSurface):
    """The public keys of access tokens. A token under a key that is not here is to be looked up anew."""

    access = {"GET": "anyone"}

    @extend_schema(responses={200: KeysSerializer})
    def get(self, request: Request) -> Response:
        return Response({"keys": signing_keys.published()}, headers={"Cache-Control": "public, max-age=300"})
