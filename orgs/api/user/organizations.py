"""The organizations that a person belongs to."""

from typing import NoReturn
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.api.user.organization_members import MembershipSerializer
from orgs.models import Organization, Product
from orgs.services import members, organizations, product_roles
from platform_core.api.pagination import WholePage
from platform_core.api.strict import Nothing, StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import PersonSurface


class OrganizationSerializer(StrictModelSerializer[Organization]):
    """An organization as its members see it."""

    avatar_url = serializers.CharField(read_only=True, allow_null=True)

    class Meta:
        model = Organization
        fields = [
            "id",
            "name",
            "slug",
            "status",
            "avatar_url",
            "billing_email",
            "seat_limit",
            "two_factor_required",
            "session_max_hours",
            "default_product_roles",
            "created_at",
        ]
        read_only_fields = fields


class OrganizationCreateSerializer(StrictSerializer):
    """What a new organization takes. Its slug is made from its name."""

    name = serializers.CharField(max_length=120)
    billing_email = serializers.EmailField(max_length=254, required=False)


class OrganizationUpdateSerializer(StrictSerializer):
    """What admins may change; what is left out stays."""

    name = serializers.CharField(max_length=120, required=False)
    billing_email = serializers.EmailField(max_length=254, required=False)
    two_factor_required = serializers.BooleanField(required=False)
    session_max_hours = serializers.IntegerField(min_value=1, max_value=720, required=False, allow_null=True)
    default_product_roles = serializers.DictField(child=serializers.CharField(max_length=20), required=False)


class OwnershipTransferSerializer(StrictSerializer):
    """The member who is to be the owner."""

    member_id = serializers.UUIDField()


class ProductRoleOptionSerializer(StrictSerializer):
    """The roles of one product."""

    product = serializers.CharField(source="code")
    name = serializers.CharField()
    roles = serializers.ListField(source="role_options", child=serializers.CharField())
    included = serializers.SerializerMethodField(help_text="Whether a plan of the organization covers the product now.")

    def get_included(self, product: Product) -> bool:
        """Roles may be given before a plan is bought; they are of use once it is."""
        return product.code in self.context["view"].organization.product_codes


class OrganizationList(PersonSurface, generics.ListAPIView[Organization]):
    """The organizations that the person is an active member of; whoever creates one owns it."""

    access = {"GET": "person", "POST": "person"}
    failures = {"POST": [409]}
    serializer_class = OrganizationSerializer

    def get_queryset(self) -> QuerySet[Organization]:
        return Organization.objects.order_by("name")

    @extend_schema(request=OrganizationCreateSerializer, responses={201: OrganizationSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(OrganizationCreateSerializer)
        email = given.get("billing_email")
        made = organizations.create_organization(given["name"], owner=self.actor, billing_email=email, by=self.actor)
        return Response(OrganizationSerializer(made).data, status=status.HTTP_201_CREATED)


class OrganizationDetail(OrganizationSurface):
    """One organization, for its members."""

    access = {
        "GET": roles.ORGANIZATION_READ,
        "PATCH": roles.ORGANIZATION_UPDATE,
        "DELETE": roles.ORGANIZATION_DELETE,
    }
    step_up = {"DELETE": "organization.delete"}
    failures = {"PATCH": [409], "DELETE": [409]}

    @extend_schema(responses={200: OrganizationSerializer})
    def get(self, request: Request, organization_id: UUID) -> Response:
        return Response(OrganizationSerializer(self.organization).data)

    @extend_schema(request=OrganizationUpdateSerializer, responses={200: OrganizationSerializer})
    def patch(self, request: Request, organization_id: UUID) -> Response:
        given = self.validated(OrganizationUpdateSerializer)
        changed = organizations.update(self.organization, given, by=self.actor, has_two_factor=self.has_two_factor)
        return Response(OrganizationSerializer(changed).data)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, organization_id: UUID) -> Response:
        """It can be restored for a while. Refused, naming them, while subscriptions or servers run for it."""
        organizations.delete_organization(self.organization, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class OrganizationRestore(PersonSurface):
    """Bring back an organization that one owned and that was deleted a while ago."""

    access = {"POST": "person"}
    failures = {"POST": [409]}

    @extend_schema(request=Nothing, responses={200: OrganizationSerializer})
    def post(self, request: Request, organization_id: UUID) -> Response:
        self.validated(Nothing)
        restored = organizations.restore(organization_id, by=self.actor)
        return Response(OrganizationSerializer(restored).data)


class OrganizationLeave(OrganizationSurface):
    """Give up one's own place; the last owner cannot."""

    access = {"POST": roles.ORGANIZATION_READ}
    failures = {"POST": [409]}

    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request, organization_id: UUID) -> Response:
        self.validated(Nothing)
        members.leave(self.organization, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class OrganizationTransferOwnership(OrganizationSurface):
    """Hand the organization over to an active member. Whoever does so is an admin from then on."""

    access = {"POST": roles.ORGANIZATION_TRANSFER}
    step_up = "organization.transfer"
    failures = {"POST": [409]}

    def permission_denied(self, request: Request, message: str | None = None, code: str | None = None) -> NoReturn:
        """Whoever asks again for what they have done is told that it is done. It tells nobody anything: whoever may
        see the members sees who owns it.
        """
        if request.user.is_authenticated and self.membership.may(roles.MEMBER_READ):
            wanted = OwnershipTransferSerializer(data=request.data)
            if wanted.is_valid():
                members.refuse_done(self.organization, wanted.validated_data["member_id"])
        super().permission_denied(request, message, code)

    @extend_schema(request=OwnershipTransferSerializer, responses={200: MembershipSerializer})
    def post(self, request: Request, organization_id: UUID) -> Response:
        given = self.validated(OwnershipTransferSerializer)
        heir = members.transfer(self.organization, given["member_id"], by=self.actor)
        return Response(MembershipSerializer(heir).data)


class OrganizationProductRoleOptions(OrganizationSurface):
    """Which roles there are in which products, the strongest first."""

    access = {"GET": roles.ORGANIZATION_READ}
    pagination_class = WholePage

    @extend_schema(responses={200: ProductRoleOptionSerializer(many=True)})
    def get(self, request: Request, organization_id: UUID) -> Response:
        return self.page(product_roles.products(), ProductRoleOptionSerializer)
