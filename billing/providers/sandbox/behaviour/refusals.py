"""Why a bank says no, in the words in which the payer is told."""

from dataclasses import dataclass

from billing.providers.sandbox.errors import CardError


@dataclass(frozen=True)
class Refusal:
    """Why the bank said no."""

    message: str
    code: str
    decline_code: str | None = None

    def error(self, *, charge: str | None = None) -> CardError:
        """The refusal as an answer."""
        return CardError(self.message, code=self.code, decline_code=self.decline_code, charge=charge)
