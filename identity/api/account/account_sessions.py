"""Where the person is signed in."""

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.authentication import credential_of
from identity.models import Session
from identity.services import sessions
from platform_core.api.strict import StrictModelSerializer
from platform_core.api.surfaces import PersonSurface


class AccountSessionSerializer(StrictModelSerializer[Session]):
    """One sign-in, as its person sees it."""

    is_current = serializers.SerializerMethodField(help_text="The one that this request is made with.")

    class Meta:
        model = Session
        fields = ["id", "kind", "methods", "ip_address", "user_agent", "created_at", "last_seen_at", "is_current"]
        read_only_fields = fields

    def get_is_current(self, session: Session) -> bool:
        return bool(session.pk == credential_of(self.context["request"]).session.pk)


class AccountSessionList(PersonSurface, generics.ListAPIView[Session]):
    """Where the person is signed in now; DELETE signs them out everywhere else."""

    access = {"GET": "person", "DELETE": "person"}
    serializer_class = AccountSessionSerializer

    def get_queryset(self) -> QuerySet[Session]:
        return sessions.of_person(self.actor)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        sessions.end_others(self.actor, credential_of(request).session, "revoked")
        return Response(status=status.HTTP_204_NO_CONTENT)


class AccountSessionDetail(PersonSurface):
    """One of the person's own sign-ins."""

    access = {"DELETE": "person"}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        sessions.end_own(self.actor, pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
