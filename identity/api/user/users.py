"""The person's own profile."""

from typing import Any

from rest_framework import generics
from rest_framework.serializers import BaseSerializer
from rest_framework.settings import api_settings

from identity.models import User
from identity.services import profile
from platform_core.api.strict import StrictModelSerializer
from platform_core.api.surfaces import PersonSurface


class UserSerializer(StrictModelSerializer[User]):
    """A person as they see themselves. They may change their name; what they are is for others to say."""

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "first_name",
            "last_name",
            "name",
            "photo_url",
            "is_employee",
            "is_staff",
            "status",
            "created_at",
        ]
        read_only_fields = ["id", "email", "photo_url", "is_employee", "is_staff", "status", "created_at"]

    def to_representation(self, instance: User) -> dict[str, Any]:
        """Every page of a front end asks for this first: building the fields would be half of what it costs."""
        return {
            "id": str(instance.pk),
            "email": instance.email,
            "firstName": instance.first_name,
            "lastName": instance.last_name,
            "name": instance.name,
            "photoUrl": instance.photo_url,
            "isEmployee": instance.is_employee,
            "isStaff": instance.is_staff,
            "status": instance.status,
            "createdAt": instance.created_at.strftime(api_settings.DATETIME_FORMAT),
        }


class UserMe(PersonSurface, generics.RetrieveUpdateAPIView[User]):
    """The person's own profile, of which they may change the name."""

    access = {"GET": "person", "PATCH": "person"}
    http_method_names = ["get", "patch", "head"]
    serializer_class = UserSerializer

    def get_object(self) -> User:
        return self.actor

    def perform_update(self, serializer: BaseSerializer[User]) -> None:
        given = serializer.validated_data
        profile.rename(
            self.actor,
            first_name=given.get("first_name", self.actor.first_name),
            last_name=given.get("last_name", self.actor.last_name),
            by=self.actor,
        )
