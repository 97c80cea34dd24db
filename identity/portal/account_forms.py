"""Forms about the account itself: its address, its picture, and the codes that are mailed."""

from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.http import HttpRequest

from identity.models import User
from identity.services import addresses
from platform_core.errors import InvalidInput

ADDRESS = forms.EmailInput(attrs={"autocomplete": "email"})
DIGITS = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True})


class AddressForm(forms.Form):
    """Another address to sign in with. Whether it is somebody else's shows in the mail to it only."""

    email = forms.EmailField(max_length=254, label="New address", widget=ADDRESS)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_email(self) -> str:
        """Another one than that of today."""
        email: str = self.cleaned_data["email"]
        if email.strip().lower() == self.user.email:
            raise forms.ValidationError("This is your address already.")
        return email

    def save(self, request: HttpRequest) -> EmailAddress:
        """Begin the change; allauth wants to know of an address, and gets one that is not stored."""
        addresses.request_change(self.user, self.cleaned_data["email"], by=self.user)
        return EmailAddress(user=self.user, email=self.cleaned_data["email"])


class CodeRequestForm(forms.Form):
    """Where the code goes."""

    email = forms.EmailField(
        max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )


class MailedCodeForm(forms.Form):
    """The code from the mail."""

    code = forms.CharField(max_length=20, widget=DIGITS, help_text="Eight digits.")


class ConfirmCodeForm(forms.Form):
    """An address, and the code that was mailed to it."""

    email = forms.EmailField(max_length=254, widget=ADDRESS)
    code = forms.CharField(max_length=20, widget=DIGITS, help_text="Eight digits.")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                addresses.confirm_by_code(given["email"], given["code"])
            except InvalidInput as error:
                self.add_error("code", list(error.details["code"]))
        return given


class PhotoForm(forms.Form):
    """A picture."""

    photo = forms.FileField(
        label="New picture",
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
        help_text="JPEG, PNG, WebP or GIF, at most 5 MB.",
        max_length=200,
    )
