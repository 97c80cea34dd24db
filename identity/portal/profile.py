"""The person, as they and their colleagues see them."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from identity.portal.account_forms import PhotoForm
from identity.services import addresses, photos, profile
from orgs.portal.pages import OrganizationPage
from platform_core import pictures
from platform_core.errors import InvalidInput, PayloadTooLarge
from platform_core.portal.fields import LineField

TEMPLATE = "portal/identity/profile.html"


class ProfileForm(forms.Form):
    """The name; the address has pages of its own, because it must be proved."""

    first_name = LineField(max_length=80, required=False, widget=forms.TextInput(attrs={"autocomplete": "given-name"}))
    last_name = LineField(max_length=80, required=False, widget=forms.TextInput(attrs={"autocomplete": "family-name"}))


class PersonalPage(OrganizationPage):
    """A page about the person themselves, whichever organization they work in."""

    personal = True
    nav = "profile"

    def profile(self, *, status: int = 200, **forms_given: forms.Form) -> HttpResponse:
        """The profile, with the form that was not right where there was one."""
        given = {"first_name": self.actor.first_name, "last_name": self.actor.last_name}
        shown = {"form": ProfileForm(initial=given), "photo_form": PhotoForm()} | forms_given
        pending = addresses.pending(self.actor)
        return self.page(TEMPLATE, status=status, pending=pending, mine=self.memberships, **shown)


class Profile(PersonalPage):
    """Shows the person's own account, and changes their name."""

    access = {"GET": "person", "POST": "person"}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.profile()

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ProfileForm(request.POST)
        if not form.is_valid():
            return self.profile(status=400, form=form)
        profile.rename(self.actor, **form.cleaned_data, by=self.actor)
        messages.success(request, "Your name is saved.")
        return redirect("portal:profile")


class Photo(PersonalPage):
    """Sets one's picture."""

    access = {"POST": "person"}
    form_page = "portal:profile"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PhotoForm(request.POST, request.FILES)
        if form.is_valid():
            given = form.cleaned_data["photo"]
            try:
                # One byte too many is enough to know.
                photos.replace(self.actor, given.read(pictures.MOST_BYTES + 1), by=self.actor)
            except (InvalidInput, PayloadTooLarge) as error:
                form.add_error("photo", error.message)
        if not form.is_valid():
            return self.profile(status=400, photo_form=form)
        messages.success(request, "Your picture is saved.")
        return redirect("portal:profile")


class RemovePhoto(PersonalPage):
    """Takes one's picture away."""

    access = {"POST": "person"}
    form_page = "portal:profile"

    def post(self, request: HttpRequest) -> HttpResponse:
        photos.remove(self.actor, by=self.actor)
        messages.success(request, "Your picture is gone.")
        return redirect("portal:profile")
