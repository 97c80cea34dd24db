"""The staff member's own profile."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity import staff_roles
from identity.api.account.account import PasswordChangeSerializer
from identity.api.authentication import credential_of
from identity.models import User, split_name
from identity.services import addresses, limits, passwords, photos, profile
from platform_core.api import uploads
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import AdminSurface
from platform_core.api.uploads import PhotoSerializer


class StaffProfileSerializer(StrictModelSerializer[User]):
    """A member of staff as they see themselves."""

    role = serializers.SerializerMethodField()
    pending_email = serializers.SerializerMethodField(help_text="The new address, until it is confirmed.")

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "pending_email",
            "name",
            "first_name",
            "last_name",
            "photo_url",
            "role",
            "is_employee",
            "status",
            "created_at",
        ]
        read_only_fields = fields

    def get_role(self, user: User) -> str | None:
        return staff_roles.role_of(user) or None

    def get_pending_email(self, user: User) -> str | None:
        pending = self.context["waiting"] if "waiting" in self.context else addresses.pending(user)
        return pending.email if pending is not None else None


class StaffProfileChangeSerializer(StrictSerializer):
    """What may be changed. A name given as one text is split; another address must be confirmed by mail."""

    name = serializers.CharField(max_length=80, required=False)
    first_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False)


class Profile(AdminSurface):
    """The staff member's own profile."""

    access = {"GET": "session", "PATCH": "session"}
    failures = {"PATCH": [403]}

    @extend_schema(responses={200: StaffProfileSerializer})
    def get(self, request: Request) -> Response:
        return Response(StaffProfileSerializer(self.actor).data)

    @extend_schema(request=StaffProfileChangeSerializer, responses={200: StaffProfileSerializer})
    def patch(self, request: Request) -> Response:
        """Change the name at once; another address must be confirmed by mail, and takes a step-up."""
        given = self.validated(StaffProfileChangeSerializer)
        if "name" in given:
            given["first_name"], given["last_name"] = split_name(given.pop("name"))
        if "email" in given:
            limits.spend(request._request, "manage_email")
        waiting = profile.update_own(self.actor, given, session=credential_of(request).session)
        return Response(StaffProfileSerializer(self.actor, context={"waiting": waiting}).data)


class ProfilePhoto(AdminSurface):
    """Set or take away one's picture."""

    access = {"POST": "session", "DELETE": "session"}
    parser_classes = uploads.PARSERS

    @extend_schema(request={"multipart/form-data": PhotoSerializer}, responses={200: StaffProfileSerializer})
    def post(self, request: Request) -> Response:
        uploads.refuse_large(request)
        photos.replace(self.actor, self.validated(PhotoSerializer)["photo"].read(), by=self.actor)
        return Response(StaffProfileSerializer(self.actor).data)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        photos.remove(self.actor, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ProfilePassword(AdminSurface):
    """Change one's password, knowing it. Every other sign-in ends."""

    access = {"POST": "session"}

    @extend_schema(request=PasswordChangeSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        given = self.validated(PasswordChangeSerializer)
        limits.spend(request._request, "change_password")
        keep = credential_of(request).session
        passwords.change(self.actor, given["current_password"], given["new_password"], keep=keep)
        return Response(status=status.HTTP_204_NO_CONTENT)
