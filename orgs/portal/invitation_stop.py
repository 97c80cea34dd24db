"""The page behind the mailed link by which the reader of an invitation wants no more of them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from orgs.models import Invitation
from orgs.services import invitation_stops
from platform_core.errors import DomainError
from platform_core.portal.errors import problem

TEMPLATE = "portal/orgs/invitation_stop.html"


# The link is the proof, and no cookie counts: mail programs post here by themselves (RFC 8058).
@method_decorator([never_cache, csrf_exempt], name="dispatch")
class StopInvitations(View):
    """Looking at it changes nothing: programs that look through mail open every link. The button does, and undoes."""

    http_method_names = ("get", "head", "post")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except DomainError as error:
            return problem(request, error)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(request, invitation_stops.of_token(token))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        decide = invitation_stops.allow if "allow" in request.POST else invitation_stops.stop
        return self._page(request, decide(token))

    def _page(self, request: HttpRequest, invitation: Invitation) -> HttpResponse:
        is_stopped = invitation_stops.is_stopped(invitation.organization, invitation.email)
        return render(request, TEMPLATE, {"invitation": invitation, "is_stopped": is_stopped})
