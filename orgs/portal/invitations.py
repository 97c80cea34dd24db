"""Whom the organization has invited."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from orgs import roles
from orgs.models import Invitation, Membership
from orgs.portal.forms import InviteForm, InviteListForm
from orgs.portal.pages import OrganizationPage
from orgs.services import invitations
from orgs.services.invitations import Wanted
from platform_core.errors import DomainError, NotFound

PER_PAGE = 25


class InvitationsPage(OrganizationPage):
    """What the pages about invitations have in common."""

    nav = "members"

    def invitation(self, pk: UUID) -> Invitation:
        """One that nobody has accepted yet; anybody else's does not exist."""
        ours = Invitation.objects.pending().filter(organization=self.organization, pk=pk)
        found = ours.select_related("organization", "custom_role", "invited_by").first()
        if found is None:
            raise NotFound("There is no such invitation.")
        return found

    def invitations(
        self, form: InviteForm | None = None, list_form: InviteListForm | None = None, *, status: int = 200
    ) -> HttpResponse:
        """The page, with the form that was not right where there was one."""
        ours = Invitation.objects.pending().filter(organization=self.organization)
        shown = ours.select_related("custom_role", "invited_by").order_by("-created_at")
        return self.page(
            "portal/orgs/invitations.html",
            status=status,
            page=Paginator(shown, PER_PAGE).get_page(self.request.GET.get("page")),
            form=form or InviteForm(organization=self.organization),
            list_form=list_form or InviteListForm(),
        )


class Invitations(InvitationsPage):
    """The open ones, and the form for another. The POST invites one person."""

    access = {"GET": roles.MEMBER_INVITE, "POST": roles.MEMBER_INVITE}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.invitations()

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InviteForm(request.POST, organization=self.organization)
        if not form.is_valid():
            return self.invitations(form, status=400)
        wanted = Wanted(form.cleaned_data["email"], form.cleaned_data["role"], form.given)
        try:
            added = invitations.add(self.organization, wanted, by=self.actor)
        except DomainError as error:
            form.add_error(None, error.message)
            return self.invitations(form, status=error.status)
        if isinstance(added, Membership):
            messages.success(request, f"{added.user.name} belongs to {self.organization} again.")
        else:
            messages.success(request, f"The invitation to {added.email} is on its way.")
        return redirect("portal:invitations")


class InviteMany(InvitationsPage):
    """Invites a whole list, or nobody."""

    access = {"POST": roles.MEMBER_INVITE}
    form_page = "portal:invitations"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InviteListForm(request.POST)
        if not form.is_valid():
            return self.invitations(list_form=form, status=400)
        try:
            made = invitations.add_many(self.organization, form.cleaned_data["csv"], by=self.actor)
        except DomainError as error:
            form.add_error("csv", [error.message, *error.details.get("csv", ())])
            return self.invitations(list_form=form, status=error.status)
        messages.success(request, f"{len(made)} invitation{'' if len(made) == 1 else 's'} on the way.")
        return redirect("portal:invitations")


class ResendInvitation(InvitationsPage):
    """Sends one again, under a new link."""

    access = {"POST": roles.MEMBER_INVITE}
    form_page = "portal:invitations"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        invitation = self.invitation(pk)
        try:
            sent = invitations.resend(invitation, by=self.actor)
        except DomainError as error:
            messages.warning(request, error.message)
        else:
            messages.success(request, f"The invitation to {sent.email} is on its way again.")
        return redirect("portal:invitations")


class RevokeInvitation(InvitationsPage):
    """Takes one back."""

    access = {"POST": roles.MEMBER_INVITE}
    form_page = "portal:invitations"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        invitation = self.invitation(pk)
        invitations.revoke(invitation, by=self.actor)
        messages.success(request, f"The invitation to {invitation.email} is taken back.")
        return redirect("portal:invitations")
