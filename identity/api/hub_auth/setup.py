"""The first operator of a new platform."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.user.users import UserSerializer
from identity.services import limits, operators
from platform_core.api.strict import StrictSerializer
from platform_core.api.surfaces import PublicHubSurface


class FirstOperatorSerializer(StrictSerializer):
    """Who the first operator is."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)
    name = serializers.CharField(max_length=80)


class Setup(PublicHubSurface):
    """Make the first operator of a new platform; afterwards it is a conflict for everybody."""

    access = {"POST": "anyone"}
    failures = {"POST": [409, 429]}

    @extend_schema(request=FirstOperatorSerializer, responses={201: UserSerializer})
    def post(self, request: Request) -> Response:
        limits.spend(request._request, "signup")
        operators.require_setup_open()
        operator = operators.first_operator(**self.validated(FirstOperatorSerializer))
        return Response(UserSerializer(operator).data, status=status.HTTP_201_CREATED)
