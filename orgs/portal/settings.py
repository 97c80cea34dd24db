"""The organization itself: its settings, its end, and another one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from orgs import roles
from orgs.portal.forms import AvatarForm, OrganizationForm, SettingsForm, initial_roles
from orgs.portal.pages import SESSION_KEY, OrganizationPage
from orgs.services import avatars, organizations
from platform_core import pictures, scoping
from platform_core.errors import DomainError


class SettingsPage(OrganizationPage):
    """What the pages about the settings have in common."""

    nav = "settings"

    def settings(self, form: SettingsForm | None = None, avatar_form: AvatarForm | None = None) -> HttpResponse:
        """The page, with the form that was not right where there was one."""
        chosen = self.organization
        initial = {
            "name": chosen.name,
            "billing_email": chosen.billing_email,
            "two_factor_required": chosen.two_factor_required,
            "session_max_hours": chosen.session_max_hours,
            **initial_roles(chosen.default_product_roles),
        }
        return self.page(
            "portal/orgs/settings.html",
            status=400 if form or avatar_form else 200,
            form=form or SettingsForm(initial=initial, organization=chosen),
            avatar_form=avatar_form or AvatarForm(),
        )


class Settings(SettingsPage):
    """Shown to everybody who belongs to it; admins change them."""

    access = {"GET": roles.ORGANIZATION_READ, "POST": roles.ORGANIZATION_UPDATE}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.settings()

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SettingsForm(request.POST, organization=self.organization)
        if not form.is_valid():
            return self.settings(form)
        try:
            organizations.update(
                self.organization, form.changes, by=self.actor, has_two_factor=self.session.has_two_factor
            )
        except DomainError as error:
            form.add_error(None, error.message)
            return self.settings(form)
        messages.success(request, "The settings are saved.")
        return redirect("portal:settings")


class Avatar(SettingsPage):
    """Sets the organization's picture."""

    access = {"POST": roles.ORGANIZATION_UPDATE}
    form_page = "portal:settings"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = AvatarForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                # One byte too many is enough to know.
                content = form.cleaned_data["photo"].read(pictures.MOST_BYTES + 1)
                avatars.replace(self.organization, content, by=self.actor)
            except DomainError as error:
                form.add_error("photo", error.message)
        if not form.is_valid():
            return self.settings(avatar_form=form)
        messages.success(request, "The picture is saved.")
        return redirect("portal:settings")


class RemoveAvatar(SettingsPage):
    """Takes the organization's picture away."""

    access = {"POST": roles.ORGANIZATION_UPDATE}
    form_page = "portal:settings"

    def post(self, request: HttpRequest) -> HttpResponse:
        avatars.remove(self.organization, by=self.actor)
        messages.success(request, "The picture is gone.")
        return redirect("portal:settings")


class DeleteOrganization(OrganizationPage):
    """Asks for the name, so that nobody deletes the wrong one."""

    access = {"POST": roles.ORGANIZATION_DELETE}
    form_page = "portal:settings"
    step_up = {"POST": "organization.delete"}

    def post(self, request: HttpRequest) -> HttpResponse:
        organization = self.organization
        if request.POST.get("name", "").strip() != organization.name:
            messages.warning(request, "That is not its name: nothing was deleted.")
            return redirect("portal:settings")
        try:
            organizations.delete_organization(organization, by=self.actor)
        except DomainError as error:
            messages.warning(request, error.message)
            return redirect("portal:settings")
        messages.success(request, f"{organization} is deleted. It can be restored for a while.")
        return redirect("portal:deleted-organizations")


class NewOrganization(OrganizationPage):
    """Whoever makes one owns it, and works in it from then on."""

    access = {"GET": "person", "POST": "person"}
    personal = True
    nav = "profile"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page("portal/orgs/new.html", form=OrganizationForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = OrganizationForm(request.POST)
        if not form.is_valid():
            return self.page("portal/orgs/new.html", status=400, form=form)
        with scoping.system():
            made = organizations.create_organization(form.cleaned_data["name"], owner=self.actor, by=self.actor)
        request.session[SESSION_KEY] = str(made.pk)
        messages.success(request, f"{made} is yours.")
        return redirect("portal:settings")


class DeletedOrganizations(OrganizationPage):
    """Those that one owned and that can still be restored."""

    access = {"GET": "person"}
    personal = True
    nav = "profile"

    def scope(self) -> scoping.Scope:
        # Nobody belongs to a deleted organization: what may be seen of them the selection itself says.
        return scoping.SYSTEM

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page("portal/orgs/deleted.html", found=list(organizations.restorable(self.actor)))


class RestoreOrganization(OrganizationPage):
    """Brings one back."""

    access = {"POST": "person"}
    form_page = "portal:deleted-organizations"
    personal = True

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        restored = organizations.restore(pk, by=self.actor)
        request.session[SESSION_KEY] = str(restored.pk)
        messages.success(request, f"{restored} is back.")
        return redirect("portal:settings")
