"""Who is staff."""

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity import staff_roles
from identity.models import User
from identity.services import staff
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import AdminSurface


class StaffSerializer(StrictModelSerializer[User]):
    """A member of staff. Without a role they may sign in and do nothing."""

    role = serializers.SerializerMethodField()
    two_factor_enabled = serializers.BooleanField(read_only=True)
    last_login_at = serializers.DateTimeField(source="last_login", read_only=True, allow_null=True)

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "name",
            "first_name",
            "last_name",
            "role",
            "status",
            "two_factor_enabled",
            "last_login_at",
            "created_at",
        ]
        read_only_fields = fields

    def get_role(self, member: User) -> str | None:
        return staff_roles.role_of(member) or None


class StaffChangeSerializer(StrictSerializer):
    """What may be changed of a member of staff."""

    role = serializers.ChoiceField(choices=staff_roles.ROLES, required=False)
    status = serializers.ChoiceField(choices=[User.Status.ACTIVE, User.Status.SUSPENDED], required=False)


class StaffList(AdminSurface, generics.ListAPIView[User]):
    """Everybody who is staff, the deactivated too."""

    access = {"GET": "identity.manage_staff"}
    serializer_class = StaffSerializer

    def get_queryset(self) -> QuerySet[User]:
        return staff.members()


class StaffDetail(AdminSurface, generics.GenericAPIView[User]):
    """One member of staff: their role, and whether they may sign in."""

    access = {"PATCH": "identity.manage_staff", "DELETE": "identity.manage_staff"}
    failures = {"PATCH": [409], "DELETE": [409]}
    step_up = "staff.change_role"
    serializer_class = StaffSerializer

    def get_queryset(self) -> QuerySet[User]:
        return staff.members()

    @extend_schema(request=StaffChangeSerializer, responses={200: StaffSerializer})
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change the role, or the status: `suspended` keeps them out, `active` lets them in again."""
        given = self.validated(StaffChangeSerializer)
        return Response(StaffSerializer(staff.change(pk, by=self.actor, **given)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Deactivate: every sign-in of theirs ends now. The row stays, with its role."""
        staff.deactivate(pk, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
