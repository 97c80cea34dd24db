"""Everybody's accounts, for staff."""

from uuid import UUID

from django.db.models import Exists, Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity import staff_roles
from identity.api.authentication import credential_of
from identity.models import User
from identity.services import accounts, erasure, profile
from platform_core.api.strict import Nothing, StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import OperatorSurface
from platform_core.errors import NotFound


class AccountSerializer(StrictModelSerializer[User]):
    """An account as staff see it."""

    last_login_at = serializers.DateTimeField(source="last_login", read_only=True, allow_null=True)

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "first_name",
            "last_name",
            "name",
            "status",
            "is_staff",
            "is_employee",
            "created_at",
            "last_login_at",
        ]
        read_only_fields = fields


class AccountCreateSerializer(StrictSerializer):
    """Whom to open an account for. They get a mail with a link to set a password."""

    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=80)
    company_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    is_employee = serializers.BooleanField(required=False)


class AccountUpdateSerializer(StrictSerializer):
    """What staff may change; what is left out stays."""

    first_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    is_employee = serializers.BooleanField(required=False)


class AccountFilterSerializer(StrictSerializer):
    """Which accounts a list shows."""

    status = serializers.ChoiceField(choices=User.Status.choices, required=False)
    search = serializers.CharField(max_length=100, required=False)
    # Read by the page itself.
    page = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


def _matches(text: str) -> Q:
    return Q(email__icontains=text) | Q(first_name__icontains=text) | Q(last_name__icontains=text)


class UserList(OperatorSurface, generics.ListAPIView[User]):
    """Every account; staff open new ones here."""

    access = {"GET": "identity.view_user", "POST": "identity.add_user"}
    failures = {"POST": [409]}
    serializer_class = AccountSerializer

    def get_queryset(self) -> QuerySet[User]:
        given = self.validated(AccountFilterSerializer, query=True)
        found = User.objects.order_by("-created_at", "-id")
        if "status" in given:
            found = found.filter(status=given["status"])
        return found.filter(_matches(given["search"])) if "search" in given else found

    @extend_schema(
        parameters=[
            OpenApiParameter("status", enum=User.Status.values),
            OpenApiParameter("search", description="Part of a name or an address."),
        ]
    )
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(request=AccountCreateSerializer, responses={201: AccountSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(AccountCreateSerializer)
        user = accounts.create_account(
            given["email"],
            given["name"],
            company=given.get("company_name", ""),
            is_employee=given.get("is_employee", False),
            by=self.actor,
        )
        return Response(AccountSerializer(user).data, status=status.HTTP_201_CREATED)


def _not_erased(pk: UUID) -> QuerySet[User]:
    """Of an erased person only the row is left, for the record: nothing can be done about it."""
    return User.objects.exclude(status=User.Status.DELETED).filter(pk=pk)


class ReachedSurface(OperatorSurface):
    """Ends or opens somebody's way in."""

    def reached(self, pk: UUID) -> User:
        """The account. Whether a colleague may sign in takes the proof that changing their role takes."""
        session = credential_of(self.request).session
        proved = {accounts.PROVED: Exists(session.proofs(accounts.COLLEAGUES))}
        user = staff_roles.find(_not_erased(pk).annotate(**proved), self.actor)
        if user is None:
            raise NotFound("Not found.")
        accounts.require_reach(user, self.actor)
        accounts.require_proof(user, session)
        return user


class UserDetail(ReachedSurface):
    """One account."""

    access = {"GET": "identity.view_user", "PUT": "identity.change_user", "DELETE": "identity.delete_user"}
    failures = {"DELETE": [409]}

    @extend_schema(responses={200: AccountSerializer})
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(AccountSerializer(get_object_or_404(User, pk=pk)).data)

    @extend_schema(request=AccountUpdateSerializer, responses={200: AccountSerializer})
    def put(self, request: Request, pk: UUID) -> Response:
        user = get_object_or_404(_not_erased(pk))
        profile.update(user, self.validated(AccountUpdateSerializer), by=self.actor)
        return Response(AccountSerializer(user).data)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Erase the person. Refused, naming them, while organizations would be left without an owner."""
        erasure.erase(self.reached(pk), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class UserSuspend(ReachedSurface):
    """Keep a person out: every sign-in of theirs ends with this request."""

    access = {"POST": "identity.suspend_user"}
    failures = {"POST": [409]}

    @extend_schema(request=Nothing, responses={200: AccountSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        self.validated(Nothing)
        user = self.reached(pk)
        accounts.suspend(user, by=self.actor)
        return Response(AccountSerializer(user).data)


class UserReactivate(ReachedSurface):
    """Let a suspended person sign in again. Sign-ins from before stay ended."""

    access = {"POST": "identity.suspend_user"}
    failures = {"POST": [409]}

    @extend_schema(request=Nothing, responses={200: AccountSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        self.validated(Nothing)
        user = self.reached(pk)
        accounts.reactivate(user, by=self.actor)
        return Response(AccountSerializer(user).data)
