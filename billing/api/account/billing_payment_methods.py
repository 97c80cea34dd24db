"""How the organization in use pays."""

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.user.billing import WebAddress
from billing.models import PaymentMethod
from billing.services import payment_methods
from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.errors import InvalidInput


class PaymentMethodSerializer(StrictModelSerializer[PaymentMethod]):
    """A card or a bank account; `failure` is why it was last refused."""

    class Meta:
        model = PaymentMethod
        fields = [
            "id",
            "kind",
            "brand",
            "last4",
            "exp_month",
            "exp_year",
            "is_default",
            "failure",
            "failed_at",
            "created_at",
        ]
        read_only_fields = fields


class AddRequestSerializer(StrictSerializer):
    """One that the provider's field made in a page of yours, or nothing: then the answer leads to a hosted page."""

    provider_payment_method_id = serializers.CharField(max_length=120, required=False, default="")
    success_url = WebAddress(required=False, default="")
    cancel_url = WebAddress(required=False, default="")


class AddedSerializer(StrictSerializer):
    """The page on which to enter it, or the payment method that was added."""

    url = serializers.CharField(allow_blank=True)
    payment_method = PaymentMethodSerializer(allow_null=True)


class DefaultRequestSerializer(StrictSerializer):
    """From now on everything is paid with it."""

    is_default = serializers.BooleanField()

    def validate_isDefault(self, value: object) -> object:  # noqa: N802 - the field's name
        if not value:
            raise serializers.ValidationError("Make another one the default instead.")
        return value


class PaymentMethodList(OrganizationSurface, generics.ListAPIView[PaymentMethod]):
    access = {"GET": roles.BILLING_READ, "POST": roles.BILLING_MANAGE}
    failures = {"POST": [402, 409, 502]}
    idempotent = True
    serializer_class = PaymentMethodSerializer

    def get_queryset(self) -> QuerySet[PaymentMethod]:
        return PaymentMethod.objects.present().filter(organization=self.organization)

    @extend_schema(request=AddRequestSerializer, responses={201: AddedSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(AddRequestSerializer)
        provider_id = given.pop("provider_payment_method_id")
        if provider_id:
            if any(given.values()):
                raise InvalidInput("Nobody is led anywhere.", details={"successUrl": ["Only for the hosted page."]})
            found = payment_methods.attach(self.organization, provider_id, by=self.actor)
            return _added(found, url="")
        return _added(None, url=payment_methods.begin_setup(self.organization, by=self.actor, **given).url)


def _added(method: PaymentMethod | None, *, url: str) -> Response:
    return Response(AddedSerializer({"url": url, "payment_method": method}).data, status=status.HTTP_201_CREATED)


class PaymentMethodDetail(OrganizationSurface, generics.GenericAPIView[PaymentMethod]):
    access = {"PATCH": roles.BILLING_MANAGE, "DELETE": roles.BILLING_MANAGE}
    failures = {"PATCH": [409, 502], "DELETE": [409, 502]}
    serializer_class = PaymentMethodSerializer

    def get_queryset(self) -> QuerySet[PaymentMethod]:
        mine = PaymentMethod.objects.present().filter(organization=self.organization)
        return mine.select_related("organization")

    @extend_schema(request=DefaultRequestSerializer, responses={200: PaymentMethodSerializer})
    def patch(self, request: Request, pk: UUID) -> Response:
        method = self.get_object()
        self.validated(DefaultRequestSerializer)
        return Response(PaymentMethodSerializer(payment_methods.make_default(method, by=self.actor)).data)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        payment_methods.remove(self.get_object(), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
