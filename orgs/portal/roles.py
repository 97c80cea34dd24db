"""What each role may do, and the organization's own roles."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from orgs import roles
from orgs.models import CustomRole
from orgs.portal.forms import RoleForm
from orgs.portal.pages import OrganizationPage
from orgs.roles import Role
from orgs.services import custom_roles
from platform_core.errors import DomainError, NotFound

FORM = "portal/orgs/role.html"


class RolesPage(OrganizationPage):
    """What the pages about roles have in common."""

    nav = "members"

    def role(self, pk: UUID) -> CustomRole:
        """One of the organization's own; anybody else's does not exist."""
        ours = CustomRole.objects.filter(organization=self.organization, pk=pk)
        found = ours.select_related("organization").first()
        if found is None:
            raise NotFound("There is no such role.")
        return found


class RoleMatrix(RolesPage):
    """Permissions down, roles across."""

    access = {"GET": roles.ORGANIZATION_READ}

    def get(self, request: HttpRequest) -> HttpResponse:
        own = list(CustomRole.objects.filter(organization=self.organization).annotate(holders=Count("memberships")))
        held = [*(roles.PERMISSIONS[role] for role in Role), *(role.held for role in own)]
        rows = [(label, [code in each for each in held]) for code, label in roles.REGISTRY.items()]
        names = [*(role.label for role in Role), *(role.name for role in own)]
        return self.page("portal/orgs/roles.html", names=names, rows=rows, own=own)


class NewRole(RolesPage):
    """Another role."""

    access = {"GET": roles.ROLE_MANAGE, "POST": roles.ROLE_MANAGE}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(FORM, form=RoleForm(held=self.membership.permissions))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = RoleForm(request.POST, held=self.membership.permissions)
        if form.is_valid():
            try:
                custom_roles.create_role(self.organization, **form.cleaned_data, by=self.actor)
            except DomainError as error:
                form.add_error(None, error.message)
        if not form.is_valid():
            return self.page(FORM, status=400, form=form)
        messages.success(request, f"“{form.cleaned_data['name']}” is there.")
        return redirect("portal:roles")


class RoleDetail(RolesPage):
    """One of the organization's own roles."""

    access = {"GET": roles.ORGANIZATION_READ, "POST": roles.ROLE_MANAGE}

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        role = self.role(pk)
        form = RoleForm(held=self._offered(role), initial={"name": role.name, "permissions": role.permissions})
        return self.page(FORM, form=form, role=role)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        role = self.role(pk)
        form = RoleForm(request.POST, held=self._offered(role))
        if form.is_valid():
            try:
                custom_roles.change_role(role, **form.cleaned_data, by=self.actor)
            except DomainError as error:
                form.add_error(None, error.message)
        if not form.is_valid():
            return self.page(FORM, status=400, form=form, role=role)
        messages.success(request, f"“{form.cleaned_data['name']}” is changed.")
        return redirect("portal:roles")

    def _offered(self, role: CustomRole) -> frozenset[str]:
        """What the role holds is shown too: leaving it out would take it away unseen."""
        return self.membership.permissions | role.held


class DeleteRole(RolesPage):
    """Ends a role that nobody has."""

    access = {"POST": roles.ROLE_MANAGE}
    form_page = "portal:roles"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        role = self.role(pk)
        try:
            custom_roles.delete_role(role, by=self.actor)
        except DomainError as error:
            messages.warning(request, error.message)
            return redirect("portal:role", pk)
        messages.success(request, f"“{role.name}” is gone.")
        return redirect("portal:roles")
