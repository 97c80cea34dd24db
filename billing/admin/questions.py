"""What staff are asked before they move money."""

from typing import Any

from django import forms

from billing import money
from billing.models import Invoice, Payment
from billing.services import crediting, refunding
from platform_core.admin.questions import Question


class WithReason(Question):
    """Why: it is written into the record."""

    reason = forms.CharField(widget=forms.Textarea, max_length=300, help_text="Written into the record.")


class Void(WithReason):
    """Before an invoice is taken back."""

    def explained(self) -> str:
        return "The customer is no longer asked for it. It keeps its number, and cannot be brought back."


class WriteOff(WithReason):
    """Before an invoice is given up."""

    def explained(self) -> str:
        due = money.format_minor(self.row.due_minor, self.row.currency)
        return f"{due} that are still to be paid become a loss. The customer may still pay."


class WithAmount(WithReason):
    """How much, and why."""

    amount = forms.CharField(max_length=30)
    field_order = ("amount", "currency", "expires_on", "reason")

    def suggested(self) -> dict[str, Any]:
        return {"amount": money.plain_minor(self.most(), self.row.currency)}

    def most(self) -> int:
        """The largest amount that can be answered."""
        return 0

    def explained(self) -> str:
        return f"At most {money.format_minor(self.most(), self.row.currency)}."

    def clean(self) -> dict[str, Any]:
        """The amount is minor units of the currency."""
        given = super().clean() or self.cleaned_data
        currency = str(given.get("currency") or getattr(self.row, "currency", "usd"))
        try:
            given["amount"] = money.parse_minor(given.get("amount", ""), currency)
        except ValueError:
            self.add_error("amount", f"Write an amount such as {money.plain_minor(123_456, currency)}.")
        else:
            if self.most() and not 0 < given["amount"] <= self.most():
                least, most = (money.format_minor(bound, currency) for bound in (1, self.most()))
                self.add_error("amount", f"Between {least} and {most}.")
        return given


class RefundPayment(WithAmount):
    """Before money is sent back."""

    row: Payment

    def most(self) -> int:
        return refunding.refundable_minor(self.row)


class RefundInvoice(WithAmount):
    """Before money that was paid for an invoice is sent back."""

    row: Invoice

    def most(self) -> int:
        payment = refunding.refundable_payment(self.row)
        return refunding.refundable_minor(payment) if payment else 0


class Credit(WithAmount):
    """Before an invoice is credited."""

    row: Invoice

    def most(self) -> int:
        return crediting.creditable_minor(self.row)

    def explained(self) -> str:
        where = "lessens what is due" if self.row.status == Invoice.Status.OPEN else "fills the customer's wallet"
        return f"A credit note with a number of its own {where}. {super().explained()}"


class WriteInvoice(WithAmount):
    """Before something that no subscription brings about is invoiced."""

    reason = None  # type: ignore[assignment]
    currency = forms.ChoiceField(choices=[(code, code.upper()) for code in money.SYMBOL])
    description = forms.CharField(widget=forms.Textarea, max_length=300, help_text="Stands on the invoice.")
    field_order = ("amount", "currency", "description", "key")

    def suggested(self) -> dict[str, Any]:
        return {}

    def explained(self) -> str:
        return (
            "Taxes come on top, or are in it, as the rates of the customer's country say. It is final at once: credits "
            "pay it first, then what the customer saved is charged, or they are mailed a page to pay it on."
        )


class GrantCredits(WithAmount):
    """Before credits are given away."""

    currency = forms.ChoiceField(choices=[(code, code.upper()) for code in money.SYMBOL])
    expires_on = forms.DateField(required=False, label="Expires on", help_text="Such as 2027-12-31. Empty: never.")

    def suggested(self) -> dict[str, Any]:
        return {}

    def explained(self) -> str:
        return "They pay what the organization's next invoices of this currency come to."
