"""The way into the staff console."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from identity.models import Session
from identity.services import sessions, step_up
from platform_core.errors import NotAllowed, NotFound
from platform_core.portal.base import PortalView

PURPOSE = "console.enter"


class EnterConsole(PortalView):
    """Staff who have just shown their second factor get a sign-in of the console's own, in its own cookie.

    What the console asks to be proved again is proved on the same way, for the purpose that the address names.
    """

    access = {"GET": "person"}

    def get(self, request: HttpRequest) -> HttpResponse:
        session = self.session
        if not self.actor.is_staff or session.impersonator_id is not None:
            raise NotAllowed("The console is for staff.")
        if not session.has_two_factor:
            return redirect("portal:security")
        purpose = request.GET.get("purpose", PURPOSE)
        if purpose not in step_up.PURPOSES:
            raise NotFound("There is nothing to confirm.")
        if not self._has_proved(session, purpose):
            asked = {"purpose": purpose, "next": request.get_full_path()}
            return redirect(f"{reverse('portal:step-up')}?{urlencode(asked)}")
        return self._enter(session, purpose)

    def _has_proved(self, session: Session, purpose: str) -> bool:
        """The second factor was shown within the last minutes: for this, or to enter at all, at signing in."""
        return session.has_stepped_up(purpose) or (purpose == PURPOSE and sessions.is_fresh(session))

    def _enter(self, session: Session, purpose: str) -> HttpResponse:
        begun = sessions.begin(self.actor, kind=Session.Kind.CONSOLE, methods=session.methods, two_factor=True)
        before = sessions.carried_under(self.request.COOKIES.get(settings.CONSOLE_COOKIE_NAME, ""), begun)
        if before is not None:
            step_up.hand_on_all(before, begun)
            sessions.end(before, "replaced")
        if purpose != PURPOSE:
            step_up.hand_on(session, begun, purpose)
        response = redirect(self._wanted())
        response.set_cookie(
            settings.CONSOLE_COOKIE_NAME,
            str(sessions.store_of(begun).session_key),
            max_age=settings.CONSOLE_ABSOLUTE_SECONDS,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
        return response

    def _wanted(self) -> str:
        wanted = self.request.GET.get("next", "")
        inside = wanted.startswith(settings.CONSOLE_PATH) and url_has_allowed_host_and_scheme(wanted, None)
        return wanted if inside else reverse("admin:index")
