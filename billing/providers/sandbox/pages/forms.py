"""What is typed into the pages."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms

from billing.providers.sandbox import clock
from billing.providers.sandbox.behaviour import banks, cards
from billing.providers.sandbox.checkout import Payer

EXPIRY = re.compile(r"(\d{1,2})\s*/?\s*(\d{2}|\d{4})")
SHORTEST, LONGEST = 12, 19
DECEMBER = 12
AMEX_PREFIXES = ("34", "37")


def _attributes(autocomplete: str, placeholder: str, **more: str) -> dict[str, str]:
    return {"autocomplete": autocomplete, "placeholder": placeholder, "spellcheck": "false", **more}


class CardForm(forms.Form):
    """The hosted checkout's form."""

    email = forms.EmailField(
        label="Email", widget=forms.EmailInput(_attributes("email", "you@company.example")), max_length=254
    )
    number = forms.CharField(
        label="Card number",
        max_length=30,
        widget=forms.TextInput(_attributes("cc-number", "1234 1234 1234 1234", inputmode="numeric")),
    )
    expiry = forms.CharField(
        label="Expiry",
        max_length=9,
        widget=forms.TextInput(_attributes("cc-exp", "MM / YY", inputmode="numeric")),
    )
    cvc = forms.CharField(
        label="Security code",
        max_length=4,
        widget=forms.TextInput(_attributes("cc-csc", "CVC", inputmode="numeric")),
    )
    name = forms.CharField(
        label="Name on card",
        max_length=100,
        required=False,
        widget=forms.TextInput(_attributes("cc-name", "Optional")),
    )

    def __init__(self, *args: Any, known_email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known_email:
            del self.fields["email"]

    def clean_number(self) -> str:
        """Digits that could be a card's."""
        number = re.sub(r"[\s-]", "", self.cleaned_data["number"])
        if not number.isdecimal() or not SHORTEST <= len(number) <= LONGEST:
            raise forms.ValidationError("Your card number is incomplete.", code="incomplete_number")
        if not cards.passes_luhn(number):
            raise forms.ValidationError("Your card number is invalid.", code="invalid_number")
        return number

    def clean_expiry(self) -> tuple[int, int]:
        """A month that is not over yet, in business time."""
        matched = EXPIRY.fullmatch(self.cleaned_data["expiry"].strip())
        if matched is None:
            raise forms.ValidationError("Write the expiry as MM / YY.", code="incomplete_expiry")
        month, year = int(matched[1]), int(matched[2]) % 100 + 2000
        if not 1 <= month <= DECEMBER:
            raise forms.ValidationError("Your card's expiration month is invalid.", code="invalid_expiry_month")
        now = clock.now()
        if (year, month) < (now.year, now.month):
            raise forms.ValidationError("Your card's expiration date is in the past.", code="invalid_expiry_year")
        return month, year

    def clean_cvc(self) -> str:
        """Three digits; four on American Express."""
        cvc: str = self.cleaned_data["cvc"]
        wanted = 4 if str(self.cleaned_data.get("number", "")).startswith(AMEX_PREFIXES) else 3
        if not cvc.isdecimal() or len(cvc) != wanted:
            raise forms.ValidationError("Your card's security code is incomplete.", code="invalid_cvc")
        return cvc

    def payer(self) -> Payer:
        """What the checkout needs; the security code is checked here and never kept."""
        month, year = self.cleaned_data["expiry"]
        return Payer(
            number=self.cleaned_data["number"],
            exp_month=month,
            exp_year=year,
            email=self.cleaned_data.get("email", ""),
            name=self.cleaned_data["name"],
        )


class AccountForm(forms.Form):
    """A test bank account instead of a card."""

    email = CardForm.base_fields["email"]

    def __init__(self, *args: Any, types: list[str], known_email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(each.number, f"{each.label}: {each.meaning.lower()}") for each in banks.offered(types)]
        self.fields["account"] = forms.ChoiceField(label="Bank account", choices=offered)
        if known_email:
            del self.fields["email"]

    def payer(self) -> Payer:
        """What the checkout needs."""
        return Payer(email=self.cleaned_data.get("email", ""), account=self.cleaned_data["account"])


class FaultForm(forms.Form):
    """What shall go wrong, where, and how often."""

    fault = forms.ChoiceField(
        label="What goes wrong",
        choices=[
            ("TIMEOUT_BEFORE", "No answer, nothing done"),
            ("TIMEOUT_AFTER", "No answer, but done"),
            ("RATE_LIMITED", "Too many requests (429)"),
            ("SERVER_ERROR", "The provider fails (500)"),
        ],
    )
    method = forms.ChoiceField(
        label="Of", initial="POST", choices=[("POST", "writes"), ("GET", "reads"), ("", "everything")], required=False
    )
    path = forms.CharField(label="Under", initial="/v1/", max_length=200)
    times = forms.IntegerField(label="How often", initial=3, min_value=1, max_value=100)


# A few years of renewals are done within a request's time; a mistyped year must not keep the sandbox busy for ever.
FURTHEST = timedelta(days=5 * 366)


class AdvanceForm(forms.Form):
    """How far business time is to be moved: by a named step, or to a moment."""

    STEPS = ("hour", "day", "month", "renewal")

    step = forms.ChoiceField(choices=[(step, step) for step in STEPS], required=False)
    to = forms.DateTimeField(
        label="Advance to",
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local", "step": "60"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )

    def __init__(self, *args: Any, now: datetime, next_renewal: datetime | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now, self.next_renewal = now, next_renewal

    def clean(self) -> dict[str, Any]:
        """One of the two, and not in the past."""
        cleaned: dict[str, Any] = super().clean() or {}
        target = cleaned.get("to") or self._after(cleaned.get("step", ""))
        if target is None:
            raise forms.ValidationError("Choose a step, or a moment to advance to.")
        if target < self.now:
            raise forms.ValidationError("The clock only moves forward.")
        if target > self.now + FURTHEST:
            raise forms.ValidationError(f"At most {FURTHEST.days} days at once: every renewal on the way is done.")
        return {**cleaned, "target": target}

    def _after(self, step: str) -> datetime | None:
        return {
            "hour": self.now + timedelta(hours=1),
            "day": self.now + timedelta(days=1),
            "month": _next_month(self.now),
            "renewal": self.next_renewal,
        }.get(step)


def _next_month(now: datetime) -> datetime:
    """The first instant of the month after."""
    later = now.replace(day=28) + timedelta(days=4)
    return datetime(later.year, later.month, 1, tzinfo=UTC)


class CardChoiceForm(forms.Form):
    """Another test card for a customer."""

    card = forms.ChoiceField(
        label="Charge from now on",
        choices=[(card.token, f"{card.spaced}: {card.meaning.lower()}") for card in cards.CARDS]
        + [(account.token, f"Bank {account.label}: {account.meaning.lower()}") for account in banks.ACCOUNTS],
    )
