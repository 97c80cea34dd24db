"""The person's own data, to take away."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.authentication import credential_of
from identity.models import DataExport
from identity.services import exports
from platform_core.api.strict import Nothing, StrictModelSerializer
from platform_core.api.surfaces import PersonSurface


class DataExportSerializer(StrictModelSerializer[DataExport]):
    """How far it is. The link to the file is mailed, and shown nowhere else."""

    class Meta:
        model = DataExport
        fields = ["id", "status", "created_at", "expires_at", "downloaded_at"]
        read_only_fields = fields


class AccountExportList(PersonSurface):
    """Have all data of the person put together. A link that works once, for a week, is mailed when it is ready."""

    access = {"POST": "person"}
    failures = {"POST": [409]}
    step_up = "account.export"

    @extend_schema(request=Nothing, responses={202: DataExportSerializer})
    def post(self, request: Request) -> Response:
        self.validated(Nothing)
        export = exports.request_export(self.actor, organization_id=credential_of(request).organization_id)
        return Response(DataExportSerializer(export).data, status=status.HTTP_202_ACCEPTED)


class AccountExportDetail(PersonSurface):
    """How far an export is."""

    access = {"GET": "person"}

    @extend_schema(responses={200: DataExportSerializer})
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(DataExportSerializer(exports.own(self.actor, pk)).data)
