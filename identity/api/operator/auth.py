"""Staff signing in and out with tokens."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.account.auth import LoginSerializer, signed_out
from identity.api.authentication import credential_of
from identity.api.sign_in import SIGNED_IN, answer
from identity.services import sessions
from identity.services.sign_in import staff_sign_in
from platform_core.api.strict import Nothing
from platform_core.api.surfaces import OperatorSurface, PublicPlatformSurface


class AdminLogin(PublicPlatformSurface):
    """Sign in as staff. Whoever is not staff gets the answer of a wrong password."""

    access = {"POST": "anyone"}
    failures = {"POST": [401, 429]}

    @extend_schema(request=LoginSerializer, responses={200: SIGNED_IN})
    def post(self, request: Request) -> Response:
        given = self.validated(LoginSerializer)
        return answer(request, staff_sign_in(request._request, given["email"], given["password"]))


class AdminLogout(OperatorSurface):
    """End the sign-in that this request is made with."""

    access = {"POST": "session"}

    @extend_schema(request=Nothing, responses={204: None})
    def post(self, request: Request) -> Response:
        self.validated(Nothing)
        sessions.end(credential_of(request).session)
        return signed_out(request)
