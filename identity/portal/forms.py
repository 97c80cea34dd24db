"""Forms of the account pages."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from django import forms
from django.http import HttpRequest, HttpResponse

from identity.models import User
from identity.services import accounts, addresses
from identity.services.accounts import AddressTaken
from platform_core import foreign_json
from platform_core.portal.fields import LineField


class SignupForm(allauth_forms.SignupForm):  # type: ignore[misc]
    """Sign-up asks for a name too, and opens an account with an organization of its own."""

    name = LineField(max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}))

    field_order = ["name", "email", "password1"]

    def save(self, request: HttpRequest) -> User:
        given = self.cleaned_data
        return accounts.open_account(given["email"], given["password1"], given["name"])

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Whoever lost a race for an address gets the answer of one who came later."""
        try:
            outcome: tuple[User | None, HttpResponse | None] = super().try_save(request)
        except AddressTaken:
            self.account_already_exists = True
            outcome = super().try_save(request)
        return outcome


class ChangePasswordForm(allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    """Only its words are ours."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = "Current password"
        _say_new_password(self)


class ResetPasswordKeyForm(allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """A reset by mailed link also proves that the address is the person's own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_new_password(self)

    def save(self) -> None:
        super().save()
        addresses.confirm_own(self.user)


def _say_new_password(form: forms.Form) -> None:
    form.fields["password1"].label = "New password"
    form.fields["password2"].label = "New password, again"


class WelcomeForm(forms.Form):
    """The first password of a guest. The service says whether it will do."""

    password = forms.CharField(
        max_length=256, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs["autofocus"] = True


class CodeForm(forms.Form):
    """A code of an authenticator app, or a recovery code."""

    code = forms.CharField(
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["autofocus"] = True


class PasswordForm(forms.Form):
    """The present password."""

    password = forms.CharField(
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


NO_PASSKEY = "The passkey was not accepted."


class PasskeyField(forms.CharField):
    """What a browser answered for a passkey, filled in by script: an object, whatever is in it."""

    widget = forms.HiddenInput
    default_error_messages = {"required": NO_PASSKEY, "invalid": NO_PASSKEY}

    def clean(self, value: Any) -> dict[str, Any]:
        try:
            answer = foreign_json.read(super().clean(value))
        except ValueError as error:
            raise forms.ValidationError(NO_PASSKEY) from error
        if not isinstance(answer, dict):
            raise forms.ValidationError(NO_PASSKEY)
        return answer


class PasskeyForm(forms.Form):
    """A passkey, and where to go with it."""

    passkey = PasskeyField()
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    @property
    def refusal(self) -> str:
        """Why it was not taken, in one sentence."""
        return next((str(told) for errors in self.errors.values() for told in errors), "")

    def clean_next(self) -> str:
        """Only a path of this site."""
        path: str = self.cleaned_data["next"]
        return path if get_adapter().is_safe_url(path) else ""


class PasskeyNameForm(forms.Form):
    """What a person calls a passkey."""

    name = LineField(max_length=80, help_text="For you to tell it from others, such as “Work laptop”.")


class PasskeyCreateForm(PasskeyNameForm):
    """A new passkey: its name, and what the browser made."""

    passkey = PasskeyField()
