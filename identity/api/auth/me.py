"""Who is signed in."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.user.users import UserSerializer
from platform_core.api.surfaces import PersonSurface


class Me(PersonSurface):
    """The person that the cookie or the token belongs to."""

    access = {"GET": "person"}

    @extend_schema(responses={200: UserSerializer})
    def get(self, request: Request) -> Response:
        return Response(UserSerializer(self.actor).data)
