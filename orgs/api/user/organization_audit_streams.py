"""Where an organization has its audit events sent."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from platform_core.api.strict import Nothing, StrictModelSerializer, StrictSerializer
from platform_core.models import AuditStream
from platform_core.services import audit_streams


class AuditStreamSerializer(StrictModelSerializer[AuditStream]):
    """A stream. Its secrets cannot be read again."""

    url = serializers.URLField(source="endpoint.url", read_only=True)
    has_authorization = serializers.SerializerMethodField()

    class Meta:
        model = AuditStream
        fields = [
            "id",
            "url",
            "has_authorization",
            "status",
            "cursor_sequence",
            "delivered_at",
            "failure_count",
            "error",
            "tested_at",
            "test_error",
            "created_at",
        ]
        read_only_fields = fields

    def get_has_authorization(self, stream: AuditStream) -> bool:
        return bool(stream.authorization)


class AuditStreamSecretSerializer(StrictSerializer):
    """What signs the messages (Standard Webhooks). Shown this once."""

    secret = serializers.CharField()


class AuditStreamCreatedSerializer(AuditStreamSerializer):
    """A new stream with its secret."""

    secret = serializers.CharField(read_only=True)

    class Meta(AuditStreamSerializer.Meta):
        fields = [*AuditStreamSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class AuditStreamCreateSerializer(StrictSerializer):
    url = serializers.URLField(max_length=500)
    authorization = serializers.RegexField(
        r"^[\x20-\x7e]*$", max_length=1000, required=False, allow_blank=True, help_text="Sent as `Authorization`."
    )
    from_beginning = serializers.BooleanField(required=False, help_text="Send what was recorded before, too.")


class AuditStreamUpdateSerializer(StrictSerializer):
    url = serializers.URLField(max_length=500, required=False)
    authorization = serializers.RegexField(r"^[\x20-\x7e]*$", max_length=1000, required=False, allow_blank=True)
    status = serializers.ChoiceField(choices=["active", "paused"], required=False)


class OrganizationAuditStreamList(OrganizationSurface):
    access = {"GET": roles.AUDIT_READ, "POST": roles.AUDIT_MANAGE}
    failures = {"POST": (409,)}
    idempotent = True

    @extend_schema(responses={200: AuditStreamSerializer(many=True)})
    def get(self, request: Request, organization_id: str) -> Response:
        ours = AuditStream.objects.filter(organization_id=self.organization.pk).select_related("endpoint")
        return self.page(ours.order_by("created_at"), AuditStreamSerializer)

    @extend_schema(request=AuditStreamCreateSerializer, responses={201: AuditStreamCreatedSerializer})
    def post(self, request: Request, organization_id: str) -> Response:
        given = self.validated(AuditStreamCreateSerializer)
        stream, secret = audit_streams.add(self.organization.pk, given, by=self.actor)
        data = {**AuditStreamSerializer(stream).data, "secret": secret}
        return Response(data, status=status.HTTP_201_CREATED)


class OrganizationAuditStreamDetail(OrganizationSurface):
    access = {"GET": roles.AUDIT_READ, "PATCH": roles.AUDIT_MANAGE, "DELETE": roles.AUDIT_MANAGE}

    @extend_schema(responses={200: AuditStreamSerializer})
    def get(self, request: Request, organization_id: str, pk: UUID) -> Response:
        return Response(AuditStreamSerializer(audit_streams.own(self.organization.pk, pk)).data)

    @extend_schema(request=AuditStreamUpdateSerializer, responses={200: AuditStreamSerializer})
    def patch(self, request: Request, organization_id: str, pk: UUID) -> Response:
        stream = audit_streams.own(self.organization.pk, pk)
        given = self.validated(AuditStreamUpdateSerializer)
        return Response(AuditStreamSerializer(audit_streams.change(stream, given, by=self.actor)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, organization_id: str, pk: UUID) -> Response:
        audit_streams.remove(audit_streams.own(self.organization.pk, pk), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class OrganizationAuditStreamTest(OrganizationSurface):
    """Has a test event sent; the stream tells what came of it."""

    access = {"POST": roles.AUDIT_MANAGE}
    failures = {"POST": (409,)}

    @extend_schema(request=Nothing, responses={202: AuditStreamSerializer})
    def post(self, request: Request, organization_id: str, pk: UUID) -> Response:
        self.validated(Nothing)
        stream = audit_streams.request_test(audit_streams.own(self.organization.pk, pk), by=self.actor)
        return Response(AuditStreamSerializer(stream).data, status=status.HTTP_202_ACCEPTED)


class OrganizationAuditStreamSecret(OrganizationSurface):
    """A new signing secret. The one before signs along until the next."""

    access = {"POST": roles.AUDIT_MANAGE}
    idempotent = True

    @extend_schema(request=Nothing, responses={200: AuditStreamSecretSerializer})
    def post(self, request: Request, organization_id: str, pk: UUID) -> Response:
        self.validated(Nothing)
        secret = audit_streams.renew_secret(audit_streams.own(self.organization.pk, pk), by=self.actor)
        return Response({"secret": secret})
