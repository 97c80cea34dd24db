"""Who belongs to the organization."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode

from orgs import roles
from orgs.models import Invitation, Membership
from orgs.portal.forms import MemberForm, initial_roles
from orgs.portal.pages import OrganizationPage
from orgs.roles import Role
from orgs.services import members, product_roles, seats
from platform_core.errors import DomainError, NotFound

PER_PAGE = 25


class MembersPage(OrganizationPage):
    """What the pages about members have in common."""

    nav = "members"

    def members(self) -> QuerySet[Membership]:
        """With what is shown of each."""
        return self.organization.memberships.present().select_related("user", "organization", "custom_role")

    def member(self, pk: UUID) -> Membership:
        """One of them; anybody else's does not exist."""
        found = self.members().filter(pk=pk).first()
        if found is None:
            raise NotFound("There is no such member.")
        return found


class MemberList(MembersPage):
    """A page at a time, by when they joined."""

    access = {"GET": roles.MEMBER_READ}

    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("search", "").strip()[:100]
        found = self.members().order_by("created_at", "pk")
        if text:
            name = Q(user__first_name__icontains=text) | Q(user__last_name__icontains=text)
            found = found.filter(name | Q(user__email__icontains=text))
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        in_products = product_roles.of_members(page)
        return self.page(
            "portal/orgs/members.html",
            page=page,
            rows=[(member, in_products[member.pk]) for member in page],
            search=text,
            query=urlencode({"search": text}) if text else "",
            seats=seats.taken(self.organization),
            invited=Invitation.objects.pending().filter(organization=self.organization).count(),
        )


class MemberDetail(MembersPage):
    """One member; whoever may, changes them here."""

    access = {"GET": roles.MEMBER_READ, "POST": roles.MEMBER_UPDATE}

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._page(self.member(pk))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        member = self.member(pk)
        form = MemberForm(request.POST, organization=self.organization)
        if not form.is_valid():
            return self._page(member, form)
        role, status = form.cleaned_data["role"], form.cleaned_data["status"]
        try:
            members.update(member, role=role, given=form.given, status=status, by=self.actor)
        except DomainError as error:
            form.add_error(None, error.message)
            return self._page(member, form)
        messages.success(request, f"{member.user.name} is changed.")
        return redirect("portal:members")

    def _page(self, member: Membership, form: MemberForm | None = None) -> HttpResponse:
        effective = product_roles.of_member(member)
        given = {each.product.code: each.role for each in effective}
        initial: dict[str, Any] = {"role": member.role_key, "status": member.status, **initial_roles(given)}
        return self.page(
            "portal/orgs/member.html",
            status=400 if form else 200,
            member=member,
            form=form or MemberForm(organization=self.organization, initial=initial),
            effective=effective,
            is_owner=member.role == Role.OWNER,
            is_self=member.user_id == self.actor.pk,
        )


class RemoveMember(MembersPage):
    """Takes somebody's place away."""

    access = {"POST": roles.MEMBER_REMOVE}
    form_page = "portal:members"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        member = self.member(pk)
        try:
            members.remove(member, by=self.actor)
        except DomainError as error:
            messages.warning(request, error.message)
            return redirect("portal:member", pk)
        messages.success(request, f"{member.user.name} does not belong to {self.organization} any more.")
        return redirect("portal:home" if member.user_id == self.actor.pk else "portal:members")


class HandOver(MembersPage):
    """Makes a member the owner in one's own place."""

    access = {"POST": roles.ORGANIZATION_TRANSFER}
    form_page = "portal:members"
    step_up = {"POST": "organization.transfer"}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        member = self.member(pk)
        try:
            heir = members.transfer(self.organization, member.pk, by=self.actor)
        except DomainError as error:
            messages.warning(request, error.message)
            return redirect("portal:member", pk)
        messages.success(request, f"{heir.user.name} owns {self.organization} now. You are an admin.")
        return redirect("portal:members")


class Leave(MembersPage):
    """Gives one's own place up."""

    access = {"POST": roles.ORGANIZATION_READ}
    form_page = "portal:settings"

    def post(self, request: HttpRequest) -> HttpResponse:
        organization = self.organization
        try:
            members.leave(organization, by=self.actor)
        except DomainError as error:
            messages.warning(request, error.message)
            return redirect("portal:settings")
        messages.success(request, f"You do not belong to {organization} any more.")
        return redirect("portal:home")
