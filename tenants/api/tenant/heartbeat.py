"""A server says that it is well: the busiest address of all, so its good case takes the short way."""

import contextlib
import io
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from platform_core.api.parsing import StrictJSONParser
from platform_core.api.strict import StrictSerializer
from platform_core.errors import DomainError, NotAuthenticated
from tenants.api.surfaces import TenantSurface, bearer, check_size
from tenants.api.tenant import heartbeat_body
from tenants.services import heartbeats


class HeartbeatSerializer(StrictSerializer):
    """What a server is told at each beat."""

    config_version = serializers.IntegerField()
    config_changed = serializers.BooleanField()
    pending_commands = serializers.ListField(child=serializers.DictField())
    pending_approvals = serializers.ListField(child=serializers.DictField())
    server_time = serializers.DateTimeField()
    next_beat_seconds = serializers.FloatField()


class Heartbeat(TenantSurface):
    """One statement for a beat. Whatever is wrong with one is told by the surface, after who calls."""

    access = {"POST": "server"}
    unaudited = {"POST": "A beat changes nothing but when the server was last seen; what it changes beyond is audited."}
    repeatable = "it says how things stand, and the latest counts"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            with contextlib.suppress(DomainError, APIException, RequestDataTooBig):
                return _answer(request)
        return super().dispatch(request, *args, **kwargs)

    @extend_schema(request={"application/json": heartbeat_body.HEARTBEAT}, responses={200: HeartbeatSerializer})
    def post(self, request: Request) -> HttpResponse:
        return _answer(request._request)


def _answer(request: HttpRequest) -> HttpResponse:
    check_size(request)
    body = StrictJSONParser().parse(io.BytesIO(request.body))
    found = heartbeats.receive(bearer(request), heartbeat_body.check(body))
    if found is None:
        raise NotAuthenticated("This key is not valid.")
    data = {
        "configVersion": found.config_version,
        "configChanged": found.config_changed,
        "pendingCommands": [],
        "pendingApprovals": [],
        "serverTime": f"{found.server_time:%Y-%m-%dT%H:%M:%S.%fZ}",
        "nextBeatSeconds": found.next_beat_seconds,
    }
    return JsonResponse({"success": True, "data": data})
