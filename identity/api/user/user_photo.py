"""Pictures of people, for those who know them."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from identity import selectors
from identity.services import photos
from platform_core.api import uploads
from platform_core.api.surfaces import PersonSurface


class UserPhoto(PersonSurface):
    """A person's picture, to themselves, their colleagues and staff; to others they do not exist."""

    access = {"GET": "person"}

    @extend_schema(responses=uploads.PICTURE)
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        return uploads.served(photos.of_person(selectors.person_seen_by(self.actor, pk)))
