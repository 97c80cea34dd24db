"""The audit log of an organization."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from platform_core import selectors
from platform_core.api.pagination import CursorPage, SearchPage
from platform_core.api.strict import StrictModelSerializer, StrictSerializer
from platform_core.models import AuditEvent


class AuditFilterSerializer(StrictSerializer):
    """What can be asked of an event."""

    product = serializers.CharField(max_length=40, required=False, help_text="Code of a product.")
    entity_type = serializers.CharField(max_length=60, required=False, help_text="Such as `membership`.")
    action = serializers.CharField(max_length=80, required=False, help_text="Such as `member.invite`, or `member.*`.")
    actor = serializers.CharField(max_length=254, required=False, help_text="Id or address of who acted.")
    since = serializers.DateTimeField(required=False, help_text="Events from then on.")
    until = serializers.DateTimeField(required=False, help_text="Events before then.")
    text = serializers.CharField(max_length=100, required=False, help_text="Within actions, names and ids.")


class AuditPersonSerializer(StrictSerializer):
    """Who acted. The label is what they were called then."""

    type = serializers.CharField(required=False)
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field named as an attribute of fields is


class AuditEventSerializer(StrictModelSerializer[AuditEvent]):
    """One change. Without a sequence it is not sealed yet."""

    actor = serializers.SerializerMethodField()
    impersonator = serializers.SerializerMethodField()
    entity_type = serializers.CharField(source="target_type", read_only=True)
    entity_id = serializers.CharField(source="target_id", read_only=True)
    entity_label = serializers.CharField(source="target_label", read_only=True)
    changes = serializers.DictField(child=serializers.JSONField(), read_only=True)

    class Meta:
        model = AuditEvent
        fields = [
            "id",
            "created_at",
            "action",
            "product",
            "actor",
            "impersonator",
            "entity_type",
            "entity_id",
            "entity_label",
            "changes",
            "request_id",
            "ip_address",
            "sequence",
            "hash",
        ]
        read_only_fields = fields

    @extend_schema_field(AuditPersonSerializer)
    def get_actor(self, event: AuditEvent) -> dict[str, Any]:
        return {"type": event.actor_type, "id": event.actor_id, "label": event.actor_label}

    @extend_schema_field(AuditPersonSerializer(allow_null=True))
    def get_impersonator(self, event: AuditEvent) -> dict[str, Any] | None:
        if not event.impersonator_id:
            return None
        return {"type": "staff", "id": event.impersonator_id, "label": event.impersonator_label}


class OrganizationAuditLogList(OrganizationSurface):
    """What changed in the organization, the newest first.

    A search for a text or an address looks through the log piece by piece: a page may hold fewer events than asked
    for, or none, while `nextCursor` says that there is more to look through.
    """

    access = {"GET": roles.AUDIT_READ}
    pagination_class = CursorPage

    @extend_schema(parameters=[AuditFilterSerializer], responses={200: AuditEventSerializer(many=True)})
    def get(self, request: Request, organization_id: str) -> Response:
        asked = self.validated(AuditFilterSerializer, query=True)
        pages = self._pages(asked)
        events = pages.paginate_queryset(selectors.audit_events(self.organization.pk, asked), request, view=self)
        return pages.get_paginated_response(AuditEventSerializer(events, many=True).data)

    def _pages(self, asked: dict[str, Any]) -> CursorPage:
        if not selectors.is_search(asked):
            return CursorPage()
        return SearchPage(selectors.unsearched(self.organization.pk, asked), selectors.LOOKED_THROUGH)
