"""Test bank accounts: a debit takes days, and only then it is known whether there was money."""

import hashlib
from dataclasses import dataclass

from billing.providers.sandbox.behaviour.refusals import Refusal


@dataclass(frozen=True)
class TestAccount:
    """An account number that Stripe publishes for trying things out."""

    kind: str
    number: str
    token: str
    meaning: str
    refusal: Refusal | None = None

    @property
    def label(self) -> str:
        """What it is called in lists."""
        return f"•••• {self.number[-4:]}"


NO_FUNDS = Refusal("The customer's account has insufficient funds to cover this payment.", "insufficient_funds")
NO_ACCOUNT = Refusal("The customer's bank account could not be located or is closed.", "account_closed")
ROUTING = "110000000"
ACCOUNTS = (
    TestAccount("us_bank_account", "000123456789", "usBankAccount_success", "Pays after four days"),
    TestAccount(
        "us_bank_account", "000222222227", "usBankAccount_insufficientFunds", "No money, known later", NO_FUNDS
    ),
    TestAccount("us_bank_account", "000111111113", "usBankAccount_accountClosed", "Closed, known later", NO_ACCOUNT),
    TestAccount("sepa_debit", "DE89370400440532013000", "sepaDebit_success", "Pays after four days"),
    TestAccount("sepa_debit", "DE62370400440532013001", "sepaDebit_fails", "No money, known later", NO_FUNDS),
)
KINDS = ("us_bank_account", "sepa_debit")


def fingerprint(number: str) -> str:
    """What is kept of a number: the same for the same account."""
    return hashlib.sha256(f"mainstay sandbox bank {number}".encode()).hexdigest()[:16]


BY_FINGERPRINT = {fingerprint(account.number): account for account in ACCOUNTS}
BY_TOKEN = {account.token: account for account in ACCOUNTS}


def offered(types: list[str]) -> list[TestAccount]:
    """The accounts of the kinds that a checkout takes."""
    return [account for account in ACCOUNTS if account.kind in types]
