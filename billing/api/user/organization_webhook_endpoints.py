"""Where an organization has events of its billing sent."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from billing.services.outbound import EVENTS
from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from platform_core.api.strict import Nothing, StrictModelSerializer, StrictSerializer
from platform_core.models import WebhookEndpoint
from platform_core.services import webhook_endpoints, webhook_messages

STATES = ["active", "throttled", "paused", "disabled"]
KNOWN = frozenset(EVENTS)


class WebhookEndpointSerializer(StrictModelSerializer[WebhookEndpoint]):
    """An endpoint. Its secrets cannot be read again."""

    event_types = serializers.ListField(child=serializers.CharField(), read_only=True)
    state = serializers.ChoiceField(choices=STATES, read_only=True)

    class Meta:
        model = WebhookEndpoint
        fields = [
            "id",
            "name",
            "url",
            "event_types",
            "in_order",
            "state",
            "trouble",
            "throttled_until",
            "overlap_until",
            "created_at",
        ]
        read_only_fields = fields


class WebhookSecretSerializer(StrictSerializer):
    """What signs the messages (Standard Webhooks). Shown this once."""

    secret = serializers.CharField()


class WebhookEndpointCreatedSerializer(WebhookEndpointSerializer):
    """A new endpoint with its secret."""

    secret = serializers.CharField(read_only=True)

    class Meta(WebhookEndpointSerializer.Meta):
        fields = [*WebhookEndpointSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class EventTypesField(serializers.ListField):
    """Names of events, or beginnings of names such as `invoice.*`."""

    child = serializers.CharField(max_length=80)

    def to_internal_value(self, data: list[str]) -> list[str]:
        return webhook_endpoints.check_event_types(super().to_internal_value(data), KNOWN)


class WebhookEndpointCreateSerializer(StrictSerializer):
    url = serializers.URLField(max_length=500)
    name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    event_types = EventTypesField(required=False, max_length=40, help_text="None: all of them.")
    in_order = serializers.BooleanField(required=False, help_text="Each waits until the one before has arrived.")


class WebhookEndpointUpdateSerializer(WebhookEndpointCreateSerializer):
    url = serializers.URLField(max_length=500, required=False)
    state = serializers.ChoiceField(choices=["active", "paused"], required=False)


class SecretRenewalSerializer(StrictSerializer):
    overlap_hours = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=webhook_endpoints.LONGEST_OVERLAP_HOURS,
        default=webhook_endpoints.OVERLAP_HOURS,
        help_text="For how long the secret before signs along.",
    )


class ReplaySerializer(StrictSerializer):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(required=False, help_text="Without it: until now.")
    event_types = EventTypesField(required=False, max_length=40, help_text="None: those that the endpoint wants.")


class ReplayedSerializer(StrictSerializer):
    """How many events are sent once more."""

    count = serializers.IntegerField()


class WebhookSurface(OrganizationSurface):
    """Endpoints of the organization in the path."""

    def endpoint(self, pk: UUID) -> WebhookEndpoint:
        """One of them; another's does not exist."""
        return webhook_endpoints.own(self.organization.pk, pk)


class OrganizationWebhookEndpointList(WebhookSurface):
    access = {"GET": roles.WEBHOOK_MANAGE, "POST": roles.WEBHOOK_MANAGE}
    failures = {"POST": (409,)}
    idempotent = True

    @extend_schema(responses={200: WebhookEndpointSerializer(many=True)})
    def get(self, request: Request, organization_id: str) -> Response:
        ours = WebhookEndpoint.objects.filter(organization_id=self.organization.pk, owner_type=webhook_endpoints.OWNER)
        return self.page(ours.order_by("id"), WebhookEndpointSerializer)

    @extend_schema(request=WebhookEndpointCreateSerializer, responses={201: WebhookEndpointCreatedSerializer})
    def post(self, request: Request, organization_id: str) -> Response:
        given = self.validated(WebhookEndpointCreateSerializer)
        endpoint, secret = webhook_endpoints.add(self.organization.pk, given, by=self.actor)
        data = {**WebhookEndpointSerializer(endpoint).data, "secret": secret}
        return Response(data, status=status.HTTP_201_CREATED)


class OrganizationWebhookEndpointDetail(WebhookSurface):
    access = {"GET": roles.WEBHOOK_MANAGE, "PATCH": roles.WEBHOOK_MANAGE, "DELETE": roles.WEBHOOK_MANAGE}
    failures = {"PATCH": (409,)}

    @extend_schema(responses={200: WebhookEndpointSerializer})
    def get(self, request: Request, organization_id: str, pk: UUID) -> Response:
        return Response(WebhookEndpointSerializer(self.endpoint(pk)).data)

    @extend_schema(request=WebhookEndpointUpdateSerializer, responses={200: WebhookEndpointSerializer})
    def patch(self, request: Request, organization_id: str, pk: UUID) -> Response:
        endpoint = self.endpoint(pk)
        given = self.validated(WebhookEndpointUpdateSerializer)
        endpoint = webhook_endpoints.update(endpoint, given, by=self.actor)
        return Response(WebhookEndpointSerializer(endpoint).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization_id: str, pk: UUID) -> Response:
        webhook_endpoints.remove(self.endpoint(pk), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class OrganizationWebhookEndpointSecret(WebhookSurface):
    """A new signing secret. The one before signs along for a while."""

    access = {"POST": roles.WEBHOOK_MANAGE}
    idempotent = True

    @extend_schema(request=SecretRenewalSerializer, responses={200: WebhookSecretSerializer})
    def post(self, request: Request, organization_id: str, pk: UUID) -> Response:
        endpoint = self.endpoint(pk)
        given = self.validated(SecretRenewalSerializer)
        return Response({"secret": webhook_endpoints.renew_secret(endpoint, by=self.actor, **given)})


class OrganizationWebhookEndpointReplay(WebhookSurface):
    """Everything between two moments once more."""

    access = {"POST": roles.WEBHOOK_MANAGE}
    failures = {"POST": (409,)}
    idempotent = True

    @extend_schema(request=ReplaySerializer, responses={202: ReplayedSerializer})
    def post(self, request: Request, organization_id: str, pk: UUID) -> Response:
        endpoint = self.endpoint(pk)
        given = self.validated(ReplaySerializer)
        count = webhook_messages.replay(endpoint, by=self.actor, **given)
        return Response({"count": count}, status=status.HTTP_202_ACCEPTED)


class OrganizationWebhookEndpointTest(WebhookSurface):
    """Has a test event sent; the deliveries tell what came of it."""

    access = {"POST": roles.WEBHOOK_MANAGE}
    failures = {"POST": (409,)}
    idempotent = True

    @extend_schema(request=Nothing, responses={202: WebhookEndpointSerializer})
    def post(self, request: Request, organization_id: str, pk: UUID) -> Response:
        self.validated(Nothing)
        endpoint = self.endpoint(pk)
        webhook_messages.send_test(endpoint, by=self.actor)
        return Response(WebhookEndpointSerializer(endpoint).data, status=status.HTTP_202_ACCEPTED)
