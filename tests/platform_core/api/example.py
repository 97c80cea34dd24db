"""A small API of its own: one view of each surface, each failing or answering as its name says."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelInvalid
from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.urls import path
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orgs.models import Membership, Organization, Product
from platform_core import errors, scoping
from platform_core.api import access
from platform_core.api.pagination import CursorPage
from platform_core.api.strict import Nothing, StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import (
    AdminSurface,
    CronSurface,
    CustomerSurface,
    InternalSurface,
    OperatorSurface,
    PersonSurface,
    PublicHubSurface,
    PublicPlatformSurface,
    WebhookSurface,
)
from platform_core.models import AuditEvent
from tenants.models import Order


class OrderSerializer(StrictModelSerializer[Order]):
    class Meta:
        model = Order
        fields = ["id", "domain", "status", "created_at"]
        read_only_fields = ["status", "created_at"]


class ProductSerializer(StrictModelSerializer[Product]):
    class Meta:
        model = Product
        fields = ["code", "name", "is_bundle"]


class EventSerializer(StrictModelSerializer[AuditEvent]):
    class Meta:
        model = AuditEvent
        fields = ["id", "action"]


class ItemSerializer(StrictSerializer):
    unit_price = serializers.IntegerField(min_value=0)


class EchoSerializer(StrictSerializer):
    success_url = serializers.URLField()
    items = ItemSerializer(many=True, required=False)
    notes = serializers.JSONField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "example" in attrs["success_url"]:
            raise serializers.ValidationError("Not that one.")
        return attrs


class OrderFilterSerializer(StrictSerializer):
    status = serializers.ChoiceField(Order.Status.choices, required=False)


class OrderList(CustomerSurface, generics.ListAPIView[Order]):
    access = {"GET": access.CUSTOMER}
    serializer_class = OrderSerializer

    def get_queryset(self) -> QuerySet[Order]:
        return Order.objects.filter(**self.validated(OrderFilterSerializer, query=True)).order_by("domain")


class OrderDetail(CustomerSurface, generics.RetrieveUpdateDestroyAPIView[Order]):
    access = {"GET": access.CUSTOMER, "PATCH": access.CUSTOMER, "DELETE": access.CUSTOMER}
    serializer_class = OrderSerializer

    def get_queryset(self) -> QuerySet[Order]:
        return Order.objects.all()


class ProductList(CustomerSurface, generics.ListCreateAPIView[Product]):
    access = {"GET": access.CUSTOMER}
    queryset = Product.objects.all()
    serializer_class = ProductSerializer


class OrderCount(CustomerSurface):
    """Asks for rows by itself, past everything that narrows a generic view."""

    access = {"GET": access.CUSTOMER}

    def get(self, request: Request) -> Response:
        return Response({"count": Order.objects.count()})


def every_organization(user: object, **_reach: object) -> frozenset[UUID]:
    """A scope that is wider than what the person may see."""
    with scoping.system():
        return frozenset(Organization.objects.values_list("pk", flat=True))


class EventList(CustomerSurface, generics.ListAPIView[AuditEvent]):
    """AuditEvent has no visible_to()."""

    access = {"GET": access.CUSTOMER}
    serializer_class = EventSerializer

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.all()


class Products(AdminSurface, generics.ListCreateAPIView[Product]):
    access = {"GET": "orgs.view_product", "POST": "orgs.add_product"}
    queryset = Product.objects.order_by("name")
    serializer_class = ProductSerializer


class ProductDetail(AdminSurface, generics.RetrieveUpdateDestroyAPIView[Product]):
    access = {"GET": "session", "PUT": "orgs.change_product", "DELETE": "orgs.delete_product"}
    queryset = Product.objects.all()
    serializer_class = ProductSerializer


class Members(OperatorSurface):
    access = {"GET": "orgs.view_membership"}
    pagination_class = CursorPage

    @extend_schema(responses=ProductSerializer(many=True))
    def get(self, request: Request) -> Response:
        return self.page(Membership.objects.order_by("-role", "created_at"), MemberSerializer)


class MemberSerializer(StrictModelSerializer[Membership]):
    class Meta:
        model = Membership
        fields = ["id", "role"]


class Unpaged(OperatorSurface):
    access = {"GET": "session"}
    pagination_class = None

    @extend_schema(responses=ProductSerializer(many=True))
    def get(self, request: Request) -> Response:
        return self.page(Product.objects.all(), ProductSerializer)


class Echo(PersonSurface):
    access = {"POST": access.PERSON, "GET": access.ANYONE}

    @extend_schema(request=EchoSerializer, responses=EchoSerializer)
    def post(self, request: Request) -> Response:
        return Response(EchoSerializer(self.validated(EchoSerializer)).data)

    @extend_schema(parameters=[EchoSerializer], responses={200: EchoSerializer})
    def get(self, request: Request) -> Response:
        return Response(EchoSerializer(self.validated(EchoSerializer, query=True)).data)


class ActSerializer(StrictSerializer):
    code = serializers.SlugField(max_length=40)
    then = serializers.CharField(required=False, default="", allow_blank=True)


class Act(PersonSurface):
    """Makes a row and shows a secret, once for each Idempotency-Key; or fails afterwards, as its body says."""

    access = {"POST": access.PERSON}
    unaudited = {"POST": "An example's row."}
    idempotent = True

    @extend_schema(request=ActSerializer, responses={201: None})
    def post(self, request: Request) -> Response:
        given = self.validated(ActSerializer)
        with transaction.atomic():
            row = Product.objects.create(code=f"{given['code']}-{Product.objects.count()}", name=given["code"])
            if given["then"]:
                raise FAILURES[given["then"]]
        answer = {"id": str(row.pk), "secret": f"s3cret-{row.pk}", "key": self.idempotency_key}
        return Response(answer, status=201, headers={"Location": f"/{row.pk}"})


class Unknown(PersonSurface):
    """Declares a rule that its surface does not know."""

    access = {"GET": "server", "POST": access.ANYONE}

    def get(self, request: Request) -> Response:
        return Response({})

    def post(self, request: Request) -> Response:
        return Response({"email": self.actor.email})


class Undeclared(PersonSurface):
    """Has a verb and says nothing about it."""

    access = {"POST": access.PERSON}

    def get(self, request: Request) -> Response:
        return Response({})


class Empty(PublicHubSurface):
    access = {"POST": access.ANYONE, "DELETE": access.ANYONE}

    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request) -> Response:
        self.validated(Nothing)
        return Response(status=204)

    @extend_schema(responses={200: None, 409: None, 410: OpenApiResponse(description="It was there once.")})
    def delete(self, request: Request) -> Response:
        return Response(None)


FAILURES: dict[str, Exception] = {
    "conflict": errors.Conflict("Not now.", details={"plan_code": ["Is taken.", "Is old."]}),
    "declined": errors.PaymentRequired("Your card was declined."),
    "busy": errors.UpstreamError("Later.", headers={"Retry-After": "7"}),
    "throttled": exceptions.Throttled(wait=2.4),
    "unsupported": exceptions.APIException("Odd."),
    "django-404": Http404("Order 17 of Acme"),
    "django-403": PermissionDenied("secret reason"),
    "model": ModelInvalid({"billing_email": ["Not an address."]}),
    "model-whole": ModelInvalid("Nope."),
    "too-big": RequestDataTooBig("x"),
    "suspicious": SuspiciousOperation("x"),
    "unreadable": UnreadablePostError("x"),
    "bug": ZeroDivisionError("the password is hunter2"),
    "away": OperationalError("connection to hunter2 failed"),
}


class HubFailure(PublicHubSurface):
    access = {"GET": access.ANYONE}

    def get(self, request: Request, name: str) -> Response:
        raise FAILURES[name]


class PlatformFailure(PublicPlatformSurface):
    access = {"GET": access.ANYONE}

    def get(self, request: Request, name: str) -> Response:
        raise FAILURES[name]


class Cron(CronSurface):
    access = {"POST": access.SCHEDULER}

    def post(self, request: Request) -> Response:
        return Response({"orders": Order.objects.count()})


class Receipt(CronSurface):
    """A machine's verb that acts once for each Idempotency-Key and answers with a text of its own."""

    access = {"POST": access.SCHEDULER}
    unaudited = {"POST": "An example's row."}
    idempotent = True

    @extend_schema(request=None, responses={(200, "text/plain"): str})
    def post(self, request: Request) -> HttpResponse:
        made = Product.objects.create(code=f"receipt-{Product.objects.count()}", name="Receipt")
        return HttpResponse(f"Made {made.code} för {self.caller}", content_type="text/plain; charset=utf-8")


class Internal(InternalSurface):
    access = {"GET": access.INTERNAL, "POST": access.SCHEDULER}

    def get(self, request: Request) -> Response:
        return Response({"orders": Order.objects.count()})

    def post(self, request: Request) -> Response:
        return Response({})


class Hook(WebhookSurface):
    access = {"POST": access.SIGNATURE}

    def post(self, request: Request) -> Response:
        return Response({"bytes": len(request.body), "orders": Order.objects.count()})


class Plain(APIView):
    """A view of no surface."""

    authentication_classes = ()

    def get(self, request: Request) -> Response:
        return Response({})


def page(request: HttpRequest) -> HttpResponse:
    """A page that crashes, refuses or answers, whichever is asked for."""
    failure = FAILURES.get(request.GET.get("fail", ""))
    if failure is not None:
        raise failure
    return HttpResponse("a page")


handler400 = "platform_core.fallback.bad_request"
handler403 = "platform_core.fallback.permission_denied"
handler404 = "platform_core.fallback.page_not_found"
handler500 = "platform_core.fallback.server_error"

urlpatterns = [
    path("api/v1/customer/orders", OrderList.as_view()),
    path("api/v1/customer/orders/<uuid:pk>", OrderDetail.as_view()),
    path("api/v1/customer/orders/count", OrderCount.as_view()),
    path("api/v1/customer/products", ProductList.as_view()),
    path("api/v1/customer/events", EventList.as_view()),
    path("api/v1/admin/products", Products.as_view()),
    path("api/v1/admin/products/<uuid:pk>", ProductDetail.as_view()),
    path("api/admin/members", Members.as_view()),
    path("api/admin/unpaged", Unpaged.as_view()),
    path("api/user/echo", Echo.as_view()),
    path("api/user/act", Act.as_view()),
    path("api/user/act-too", Act.as_view()),
    path("api/user/unknown", Unknown.as_view()),
    path("api/user/undeclared", Undeclared.as_view()),
    path("api/v1/public/empty", Empty.as_view()),
    path("api/v1/public/fail/<str:name>", HubFailure.as_view()),
    path("health/fail/<str:name>", PlatformFailure.as_view()),
    path("api/v1/cron/count", Cron.as_view()),
    path("api/v1/cron/receipt", Receipt.as_view()),
    path("internal/count", Internal.as_view()),
    path("webhooks/hook", Hook.as_view()),
    path("page", page),
    path("api/plain", Plain.as_view()),
    path("api/page", page),
    path("api/v1/admin/page", page),
]
