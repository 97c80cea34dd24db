"""A person's passkeys."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.authentication import credential_of
from identity.api.hub_auth.two_factor import QUESTION, PasskeyOptionsSerializer
from identity.models import Passkey
from identity.models.sessions import ENROL
from identity.services import passkeys, two_factor
from platform_core.api.strict import Nothing, StrictModelSerializer, StrictSerializer
from platform_core.api.surfaces import SessionSurface
from platform_core.errors import NotFound


class PasskeySerializer(StrictModelSerializer[Passkey]):
    """A passkey as its person sees it."""

    class Meta:
        model = Passkey
        fields = ["id", "name", "is_backed_up", "created_at", "last_used_at"]
        read_only_fields = ["id", "is_backed_up", "created_at", "last_used_at"]


class PasskeyCreateSerializer(StrictSerializer):
    """What a browser made in answer to the options, and what its person calls it."""

    name = serializers.CharField(max_length=80)
    credential = serializers.JSONField()


class PasskeyCreatedSerializer(StrictSerializer):
    """The new passkey; with a person's first factor come recovery codes, shown this once."""

    passkey = PasskeySerializer()
    backup_codes = serializers.ListField(child=serializers.CharField())


class PasskeyNameSerializer(StrictSerializer):
    """Another name."""

    name = serializers.CharField(max_length=80)


class PasskeyList(SessionSurface, generics.GenericAPIView[Passkey]):
    """The caller's passkeys; one more, for whoever stepped up."""

    access = {"GET": "session", "POST": "session"}
    failures = {"POST": [409]}
    step_up = {"POST": ENROL}
    serializer_class = PasskeySerializer

    @extend_schema(responses={200: PasskeySerializer(many=True)})
    def get(self, request: Request) -> Response:
        return self.page(self.actor.passkeys.order_by("created_at"), PasskeySerializer)

    @extend_schema(request=PasskeyCreateSerializer, responses={201: PasskeyCreatedSerializer})
    def post(self, request: Request) -> Response:
        given = self.validated(PasskeyCreateSerializer)
        session = credential_of(request).session
        made, codes = two_factor.add_passkey(self.actor, given["credential"], name=given["name"], session=session)
        body = {"passkey": PasskeySerializer(made).data, "backupCodes": codes}
        return Response(body, status=status.HTTP_201_CREATED)


class PasskeyDetail(SessionSurface):
    """One of the caller's passkeys; another's does not exist for them."""

    access = {"PATCH": "session", "DELETE": "session"}
    failures = {"DELETE": [409]}
    step_up = {"DELETE": ENROL}

    @extend_schema(request=PasskeyNameSerializer, responses={200: PasskeySerializer})
    def patch(self, request: Request, pk: str) -> Response:
        passkey = self._own(pk)
        passkeys.rename(passkey, self.validated(PasskeyNameSerializer)["name"], by=self.actor)
        return Response(PasskeySerializer(passkey).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        two_factor.remove_passkey(self.actor, pk, session=credential_of(request).session)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _own(self, pk: str) -> Passkey:
        passkey = self.actor.passkeys.select_related("user").filter(pk=pk).first()
        if passkey is None:
            raise NotFound("Not found.")
        return passkey


class PasskeyOptions(SessionSurface):
    """What a browser needs to make a passkey for the caller."""

    access = {"POST": "session"}
    failures = {"POST": [409]}
    step_up = ENROL
    unaudited = {"POST": QUESTION}

    @extend_schema(request=Nothing, responses={200: PasskeyOptionsSerializer})
    def post(self, request: Request) -> Response:
        self.validated(Nothing)
        return Response({"publicKey": passkeys.registration_options(self.actor)})
