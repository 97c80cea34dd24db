"""The person's own picture."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.user.users import UserSerializer
from identity.services import photos
from platform_core.api import uploads
from platform_core.api.surfaces import PersonSurface
from platform_core.api.uploads import PhotoSerializer


class AccountPhoto(PersonSurface):
    """Set or take away one's picture."""

    access = {"POST": "person", "DELETE": "person"}
    parser_classes = uploads.PARSERS

    @extend_schema(request={"multipart/form-data": PhotoSerializer}, responses={200: UserSerializer})
    def post(self, request: Request) -> Response:
        uploads.refuse_large(request)
        photos.replace(self.actor, self.validated(PhotoSerializer)["photo"].read(), by=self.actor)
        return Response(UserSerializer(self.actor).data)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        photos.remove(self.actor, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
