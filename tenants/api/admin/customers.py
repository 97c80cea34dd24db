"""Customers, for staff."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import FoundingMember, Subscription
from identity.api.authentication import credential_of
from identity.models import User
from orgs.models import Membership
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import AdminSurface
from platform_core.errors import NotAllowed
from tenants import selectors
from tenants.api.admin.orders import OrderSerializer
from tenants.selectors import Customer
from tenants.services import customers

STATUSES = [User.Status.ACTIVE, User.Status.SUSPENDED]
# What a part of a change takes beyond the right to change a customer.
EXTRA = {"status": "identity.suspend_user", "founding_member": "billing.change_foundingmember"}


class FoundingMemberSerializer(StrictModelSerializer[FoundingMember]):
    """A founding membership: its number, and how many times the tokens the plan includes, until when."""

    class Meta:
        model = FoundingMember
        fields = ["number", "token_multiplier", "expires_at"]
        read_only_fields = fields


class CustomerPlanSerializer(StrictModelSerializer[Subscription]):
    """What a customer is subscribed to."""

    plan = serializers.CharField(source="plan.name", read_only=True)
    plan_code = serializers.CharField(source="plan.code", read_only=True)
    tier = serializers.CharField(source="plan.tier", read_only=True)

    class Meta:
        model = Subscription
        fields = ["id", "plan", "plan_code", "tier", "status", "cancel_at_period_end"]
        read_only_fields = fields


class CustomerSubscriptionSerializer(StrictSerializer):
    """The subscription, with the tokens of its period in hand."""

    id = serializers.UUIDField()
    plan = serializers.CharField(source="plan.name")
    plan_code = serializers.CharField(source="plan.code")
    tier = serializers.CharField(source="plan.tier")
    status = serializers.CharField()
    cancel_at_period_end = serializers.BooleanField()
    token_limit = serializers.IntegerField(allow_null=True)
    tokens_used = serializers.IntegerField()
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)
    stripe_customer_id = serializers.CharField(allow_null=True)


class CustomerBaseSerializer(StrictSerializer):
    """Who a customer is."""

    id = serializers.UUIDField(source="person.pk")
    email = serializers.EmailField(source="person.email")
    name = serializers.CharField(source="person.name")
    company = serializers.CharField(source="organization.name", allow_null=True, default=None)
    organization_id = serializers.UUIDField(source="organization.pk", allow_null=True, default=None)
    status = serializers.ChoiceField(source="person.status", choices=STATUSES)
    order_count = serializers.IntegerField()
    founding_member = FoundingMemberSerializer(allow_null=True)
    created_at = serializers.DateTimeField(source="person.created_at")


class CustomerRowSerializer(CustomerBaseSerializer):
    """A customer as the list shows them."""

    subscription = CustomerPlanSerializer(allow_null=True)


class CustomerSerializer(CustomerBaseSerializer):
    """A customer with their orders, and the use of their subscription."""

    subscription = serializers.SerializerMethodField()
    orders = OrderSerializer(many=True)

    @extend_schema_field(CustomerSubscriptionSerializer(allow_null=True))
    def get_subscription(self, customer: Customer) -> dict[str, Any] | None:
        if customer.subscription is None:
            return None
        row = customer.subscription
        usage = vars(selectors.customer_usage(row))
        account = getattr(customer.organization, "billing_account", None)
        values = {name: getattr(row, name) for name in ("id", "plan", "status", "cancel_at_period_end")}
        values |= usage | {"stripe_customer_id": account.provider_customer_id if account else None}
        return dict(CustomerSubscriptionSerializer(values).data)


class CustomerCreateSerializer(StrictSerializer):
    """Who the customer is."""

    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=80)
    company = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


class FoundingTermsSerializer(StrictSerializer):
    """The terms of a founding membership. Left out: twice the tokens, for a year."""

    token_multiplier = serializers.IntegerField(source="multiplier", required=False, min_value=1, max_value=10)
    expires_at = serializers.DateTimeField(required=False)


class CustomerUpdateSerializer(StrictSerializer):
    """What may be changed of a customer. A founding membership is changed by itself; null ends it, its number stays
    taken.
    """

    name = serializers.CharField(max_length=80, required=False)
    company = serializers.CharField(max_length=120, required=False)
    status = serializers.ChoiceField(choices=STATUSES, required=False)
    founding_member = FoundingTermsSerializer(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "founding_member" in attrs and len(attrs) > 1:
            raise serializers.ValidationError({"founding_member": ["Change a founding membership by itself."]})
        return attrs


class CustomerFilterSerializer(StrictSerializer):
    """Which customers a list shows."""

    search = serializers.CharField(max_length=100, required=False)
    status = serializers.ChoiceField(choices=STATUSES, required=False)


class CustomerList(AdminSurface, generics.GenericAPIView[User]):
    """People who own an organization that ordered, and those whose account staff opened."""

    access = {"GET": "identity.view_user", "POST": "identity.change_user"}
    failures = {"POST": [409]}
    repeatable = "an address is somebody's once; asking again is a conflict"
    serializer_class = CustomerRowSerializer

    def get_queryset(self) -> QuerySet[User]:
        given = self.validated(CustomerFilterSerializer, query=True)
        found = selectors.known_customers().order_by("-created_at")
        if "status" in given:
            found = found.filter(status=given["status"])
        return found.filter(_matches(given["search"])) if "search" in given else found

    @extend_schema(
        operation_id="api_v1_admin_customers_list",
        parameters=[
            OpenApiParameter("search", description="Part of an address, a name or a company."),
            OpenApiParameter("status", enum=[str(each) for each in STATUSES]),
        ],
        responses={200: CustomerRowSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        people = self.paginate_queryset(selectors.customer_page(self.get_queryset()))
        rows = [selectors.customer(person) for person in people or []]
        return self.get_paginated_response(CustomerRowSerializer(rows, many=True).data)

    @extend_schema(request=CustomerCreateSerializer, responses={201: CustomerSerializer})
    def post(self, request: Request) -> Response:
        """Open an account with an organization. A mailed link lets the customer set a password."""
        customer = customers.add(**self.validated(CustomerCreateSerializer), by=self.actor)
        return Response(CustomerSerializer(customer).data, status=status.HTTP_201_CREATED)


class CustomerDetail(AdminSurface):
    """One customer: orders, subscription, usage, founding membership."""

    access = {"GET": "identity.view_user", "PATCH": "identity.change_user"}
    failures = {"PATCH": [409]}

    @extend_schema(responses={200: CustomerSerializer})
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(CustomerSerializer(selectors.known_customer(pk)).data)

    @extend_schema(request=CustomerUpdateSerializer, responses={200: CustomerSerializer})
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change name, company, status or founding membership; each of the last two takes its own permission."""
        given = self.validated(CustomerUpdateSerializer)
        missing = [name for name, needed in EXTRA.items() if name in given and not self.actor.has_perm(needed)]
        if missing:
            raise NotAllowed(f"Your role may not change this: {', '.join(missing)}.")
        customer = customers.update(pk, given, by=self.actor, session=credential_of(request).session)
        return Response(CustomerSerializer(customer).data)


def _matches(text: str) -> Q:
    owners = Membership.ALL.filter(organization__name__icontains=text).values("user")
    named = Q(first_name__icontains=text) | Q(last_name__icontains=text)
    return Q(email__icontains=text) | named | Q(pk__in=owners)
