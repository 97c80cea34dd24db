"""What a server should run."""

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from platform_core.api.strict import StrictModelSerializer
from platform_core.errors import NotFound
from tenants.api.surfaces import TenantSurface
from tenants.models import ConfigRevision


class ConfigSerializer(StrictModelSerializer[ConfigRevision]):
    """The latest revision. `sha256` is of the configuration's canonical JSON, and the response's ETag."""

    config = serializers.DictField(source="body", read_only=True)

    class Meta:
        model = ConfigRevision
        fields = ["version", "sha256", "config", "created_at"]
        read_only_fields = fields


class Config(TenantSurface):
    access = {"GET": "server"}
    failures = {"GET": [404]}

    @extend_schema(
        responses={200: ConfigSerializer, 304: OpenApiResponse(description="If-None-Match names the latest revision.")}
    )
    def get(self, request: Request) -> Response | HttpResponse:
        revision = self.server.order.config_revisions.first()
        if revision is None:
            raise NotFound("No configuration has been published for this server yet.")
        etag = f'"{revision.sha256}"'
        if etag in parse_etags(request.headers.get("If-None-Match", "")):
            return HttpResponseNotModified(headers={"ETag": etag})
        return Response(ConfigSerializer(revision).data, headers={"ETag": etag})
