"""The page behind the mailed link by which the reader of an invitation wants no more of them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt

from orgs.models import Invitation
from orgs.services import invitation_stops
from platform_core.portal.base import OpenPage

TEMPLATE = "portal/orgs/invitation_stop.html"


# The link is the proof, and no cookie counts: mail programs post here by themselves (RFC 8058).
@method_decorator(csrf_exempt, name="dispatch")
class StopInvitations(OpenPage):
    """Looking at it changes nothing: programs that look through mail open every link. The button does, and undoes."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(request, invitation_stops.of_token(token))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        decide = invitation_stops.allow if "allow" in request.POST else invitation_stops.stop
        return self._page(request, decide(token))

    def _page(self, request: HttpRequest, invitation: Invitation) -> HttpResponse:
        is_stopped = invitation_stops.is_stopped(invitation.organization, invitation.email)
        return render(request, TEMPLATE, {"invitation": invitation, "is_stopped": is_stopped})
