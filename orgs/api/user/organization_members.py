"""Who belongs to an organization, as what, and in which roles in products."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.models import Membership, RoleGrant
from orgs.services import invitations, members, product_roles
from orgs.services.invitations import Wanted
from orgs.services.product_roles import EffectiveRole
from platform_core.api.pagination import WholePage
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.errors import NotFound

ROLE_LENGTH = 40
# What a list reads of each member: people have many more columns, and a page has many people.
COLUMNS = (
    *("organization", "role", "status", "managed_by", "created_at"),
    *("user__email", "user__first_name", "user__last_name", "user__erased_at", "custom_role__key"),
)


class MembershipSerializer(StrictModelSerializer[Membership]):
    """A person's place in an organization, as the others see it. Product roles by the product's code."""

    user_id = serializers.UUIDField(read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)
    name = serializers.CharField(source="user.name", read_only=True)
    role = serializers.CharField(source="role_key", read_only=True)
    product_roles = serializers.SerializerMethodField()

    class Meta:
        model = Membership
        fields = ["id", "user_id", "email", "name", "role", "product_roles", "status", "managed_by", "created_at"]
        read_only_fields = fields

    @cached_property
    def _product_roles(self) -> Mapping[UUID, Sequence[EffectiveRole]]:
        """Of all who are shown, asked for at once."""
        shown: Any = self.root.instance
        return product_roles.of_members([shown] if isinstance(shown, Membership) else shown)

    def get_product_roles(self, member: Membership) -> dict[str, str]:
        return {each.product.code: each.role for each in self._product_roles[member.pk]}


class MemberAddSerializer(StrictSerializer):
    """Whom to add, and as what. `role`: a built-in one but owner, or the key of a custom one."""

    email = serializers.EmailField(max_length=254)
    role = serializers.CharField(max_length=ROLE_LENGTH, required=False)
    product_roles = serializers.DictField(child=serializers.CharField(max_length=20), required=False)


class AddedMemberSerializer(StrictSerializer):
    """Whoever was added. `invited`: the id is the invitation's; `active`: the member's."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    role = serializers.CharField(source="role_key")
    status = serializers.ChoiceField(choices=["invited", "active"])
    created_at = serializers.DateTimeField()


class MemberRoleSerializer(StrictSerializer):
    """The role that somebody is to have."""

    role = serializers.CharField(max_length=ROLE_LENGTH)


class MemberUpdateSerializer(MemberRoleSerializer):
    """Role and product roles, which replace what people gave before; `status` stays where it is left out."""

    product_roles = serializers.DictField(child=serializers.CharField(max_length=20))
    status = serializers.ChoiceField(choices=Membership.Status.choices, required=False)


class ProductRolesSerializer(StrictSerializer):
    """All roles in products that people give, by the product's code. What is left out is taken away."""

    product_roles = serializers.DictField(child=serializers.CharField(max_length=20))


class EffectiveRoleSerializer(StrictSerializer):
    """The role that counts in one product, and where it comes from."""

    product = serializers.CharField(source="product.code")
    name = serializers.CharField(source="product.name")
    role = serializers.CharField()
    sources = serializers.ListField(child=serializers.ChoiceField(choices=RoleGrant.Source.choices))


class MemberFilterSerializer(StrictSerializer):
    """Which members a list shows."""

    search = serializers.CharField(max_length=100, required=False)
    role = serializers.CharField(max_length=ROLE_LENGTH, required=False)
    status = serializers.ChoiceField(choices=Membership.Status.choices, required=False)


class _Members(OrganizationSurface):
    """Members of this organization, with what is shown of them."""

    def members(self) -> QuerySet[Membership]:
        return self.organization.memberships.present().select_related("user", "custom_role")

    def member(self, pk: UUID) -> Membership:
        found = self.members().filter(pk=pk).first()
        if found is None:
            raise NotFound("Not found.")
        return found

    def answer(self, pk: UUID) -> Response:
        return Response(MembershipSerializer(self.member(pk)).data)


class OrganizationMemberList(_Members, generics.ListAPIView[Membership]):
    """Who belongs to an organization, for its members. Whoever is added has to say yes."""

    access = {"GET": roles.MEMBER_READ, "POST": roles.MEMBER_INVITE}
    failures = {"POST": [402, 409, 429]}
    serializer_class = MembershipSerializer

    def get_queryset(self) -> QuerySet[Membership]:
        given = self.validated(MemberFilterSerializer, query=True)
        found = self.members().only(*COLUMNS).order_by("created_at")
        if "search" in given:
            found = found.filter(_matches(given["search"]))
        if "role" in given:
            built_in = Q(role=given["role"], custom_role=None)
            found = found.filter(built_in | Q(custom_role__key=given["role"]))
        return found.filter(status=given["status"]) if "status" in given else found

    @extend_schema(
        parameters=[
            OpenApiParameter("search", description="Part of a name or an address."),
            OpenApiParameter("role", description="The key of a role."),
            OpenApiParameter("status", enum=Membership.Status.values),
        ]
    )
    def get(self, request: Request, organization_id: UUID) -> Response:
        return self.list(request)

    @extend_schema(request=MemberAddSerializer, responses={201: AddedMemberSerializer})
    def post(self, request: Request, organization_id: UUID) -> Response:
        wanted = Wanted(**self.validated(MemberAddSerializer))
        added = invitations.add(self.organization, wanted, by=self.actor)
        return Response(AddedMemberSerializer(_added(added)).data, status=status.HTTP_201_CREATED)


class OrganizationMemberDetail(_Members):
    """One member: PATCH is an owner's, PUT an admin's too, who never touches an owner."""

    access = {
        "GET": roles.MEMBER_READ,
        "PATCH": roles.MEMBER_ASSIGN,
        "PUT": roles.MEMBER_UPDATE,
        "DELETE": roles.MEMBER_REMOVE,
    }
    failures = {"PATCH": [409], "PUT": [402, 409], "DELETE": [409]}

    @extend_schema(responses={200: MembershipSerializer})
    def get(self, request: Request, organization_id: UUID, pk: UUID) -> Response:
        return self.answer(pk)

    @extend_schema(request=MemberRoleSerializer, responses={200: MembershipSerializer})
    def patch(self, request: Request, organization_id: UUID, pk: UUID) -> Response:
        member = self.member(pk)
        members.update(member, role=self.validated(MemberRoleSerializer)["role"], by=self.actor)
        return self.answer(pk)

    @extend_schema(request=MemberUpdateSerializer, responses={200: MembershipSerializer})
    def put(self, request: Request, organization_id: UUID, pk: UUID) -> Response:
        member, given = self.member(pk), self.validated(MemberUpdateSerializer)
        members.update(
            member, role=given["role"], given=given["product_roles"], status=given.get("status"), by=self.actor
        )
        return self.answer(pk)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, organization_id: UUID, pk: UUID) -> Response:
        members.remove(self.member(pk), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class OrganizationMemberProductRoles(_Members):
    """A member's roles in products."""

    pagination_class = WholePage
    access = {"GET": roles.MEMBER_READ, "PUT": roles.MEMBER_UPDATE}

    @extend_schema(responses={200: EffectiveRoleSerializer(many=True)})
    def get(self, request: Request, organization_id: UUID, pk: UUID) -> Response:
        return self._answer(pk)

    @extend_schema(request=ProductRolesSerializer, responses={200: EffectiveRoleSerializer(many=True)})
    def put(self, request: Request, organization_id: UUID, pk: UUID) -> Response:
        member, given = self.member(pk), self.validated(ProductRolesSerializer)
        product_roles.set_for(member, given["product_roles"], by=self.actor)
        return self._answer(pk)

    def _answer(self, pk: UUID) -> Response:
        return self.page(product_roles.of_member(self.member(pk)), EffectiveRoleSerializer)


def _matches(text: str) -> Q:
    return Q(user__email__icontains=text) | Q(user__first_name__icontains=text) | Q(user__last_name__icontains=text)


def _added(added: Any) -> dict[str, Any]:
    is_member = isinstance(added, Membership)
    return {
        "id": added.pk,
        "email": added.user.email if is_member else added.email,
        "role_key": added.role_key,
        "status": added.status if is_member else "invited",
        "created_at": added.created_at,
    }
