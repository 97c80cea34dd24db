"""Taking one's data away, and leaving."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from identity.portal.profile import PersonalPage
from identity.services import erasure, exports, sessions
from orgs.services import ownership
from platform_core.errors import Conflict

DELETE = "portal/identity/delete_account.html"


class ExportAccount(PersonalPage):
    """Has all of the person's data put together."""

    access = {"GET": "person", "POST": "person"}
    step_up = {"GET": "account.export", "POST": "account.export"}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page("portal/identity/export.html", exports=self.actor.exports.order_by("-created_at")[:5])

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            exports.request_export(self.actor, organization_id=self.organization.pk if self.memberships else None)
        except Conflict as error:
            messages.warning(request, error.message)
        else:
            messages.success(request, f"We put your data together, and mail a link to {self.actor.email}.")
        return redirect("portal:export")


class FetchExport(PersonalPage):
    """The page behind the mailed link. Looking at it uses nothing up; the button does."""

    access = {"GET": "person", "POST": "person"}

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.page("portal/identity/fetch_export.html", export=exports.by_token(self.actor, token))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        response = HttpResponse(exports.fetch(self.actor, token), content_type="application/zip")
        response["Content-Disposition"] = 'attachment; filename="my-data.zip"'
        return response


class DeleteAccount(PersonalPage):
    """Deletes the account for good, after saying what that means and what stands in the way."""

    access = {"GET": "person", "POST": "person"}
    step_up = {"GET": "account.delete", "POST": "account.delete"}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(DELETE, alone=ownership.owned_alone(self.actor))

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            erasure.erase(self.actor, by=self.actor)
        except Conflict:
            return self.page(DELETE, status=409, alone=ownership.owned_alone(self.actor))
        sessions.switch(request, None)
        return render(request, "portal/identity/deleted.html")
