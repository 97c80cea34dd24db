"""Where the person is signed in."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from identity.portal.profile import PersonalPage
from identity.services import sessions


class SessionList(PersonalPage):
    """Every sign-in that is open. The POST ends all but this one."""

    access = {"GET": "person", "POST": "person"}

    def get(self, request: HttpRequest) -> HttpResponse:
        found = list(sessions.of_person(self.actor))
        return self.page("portal/identity/sessions.html", sessions=found, current=self.session)

    def post(self, request: HttpRequest) -> HttpResponse:
        ended = sessions.end_others(self.actor, self.session, "revoked")
        messages.success(request, "You are signed out everywhere else." if ended else "You were signed in here only.")
        return redirect("portal:sessions")


class EndSession(PersonalPage):
    """Ends one of one's own sign-ins; another's does not exist."""

    access = {"POST": "person"}
    form_page = "portal:sessions"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        sessions.end_own(self.actor, pk)
        messages.success(request, "That session has ended.")
        return redirect("portal:sessions")
