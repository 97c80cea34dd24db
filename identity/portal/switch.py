"""Choosing the organization to work in."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from identity.services import sessions
from orgs.portal.pages import SESSION_KEY, OrganizationPage
from platform_core.errors import NotFound


class SwitchOrganization(OrganizationPage):
    """Keeps the choice with the sign-in. An organization that is not the person's own is answered as an unknown one."""

    access = {"POST": "person"}
    form_page = "portal:home"
    personal = True

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            chosen = UUID(request.POST.get("organization", ""))
        except ValueError as error:
            raise NotFound("There is no such organization.") from error
        sessions.work_in(self.session, chosen)
        request.session[SESSION_KEY] = str(chosen)
        return redirect("portal:home")
