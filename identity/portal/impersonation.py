"""Acting as a customer, and stopping."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from identity.portal.staff import ReasonForm, StaffPage
from identity.services import impersonation
from platform_core.errors import InvalidInput
from platform_core.portal.base import PortalView

TEMPLATE = "portal/identity/act_as.html"
PURPOSE = "impersonation.start"


class ActingForm(ReasonForm):
    """Why, and whether only to look."""

    may_write = forms.BooleanField(required=False, label="I need to change something for them")

    def __init__(self, *args: Any, may_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_change:
            del self.fields["may_write"]


class ActAs(StaffPage):
    """Asks for the reason; takes a second factor shown just before, for this."""

    access = {"GET": "staff", "POST": "staff"}
    step_up = {"GET": PURPOSE, "POST": PURPOSE}
    permission = impersonation.PERMISSION
    refusal = "Your role may not act as customers."

    @property
    def may_change(self) -> bool:
        """Whether the role may do more than look."""
        return self.actor.has_perm(impersonation.WITH_CHANGES)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(ActingForm(may_change=self.may_change))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ActingForm(request.POST, may_change=self.may_change)
        if not form.is_valid():
            return self._page(form, status=400)
        try:
            impersonation.start(request, self.person, by=self.session, **form.cleaned_data)
        except InvalidInput as error:
            form.add_error("reason", list(error.details["reason"]))
            return self._page(form, status=400)
        return redirect("portal:home")

    def _page(self, form: ActingForm, *, status: int = 200) -> HttpResponse:
        return self.page(TEMPLATE, status=status, form=form, person=self.person)


class StopActing(PortalView):
    """Back to oneself, and to the person's page in the console."""

    access = {"POST": "person"}
    form_page = "portal:home"

    def post(self, request: HttpRequest) -> HttpResponse:
        session = self.session
        impersonation.stop(request, session)
        messages.success(request, f"You no longer act as {session.user.email}.")
        return redirect(reverse("admin:identity_user_change", args=[session.user_id]))
