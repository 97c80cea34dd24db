"""Test cards, by their public numbers, and what the bank says to each."""

import hashlib
from dataclasses import dataclass
from itertools import pairwise

from billing.providers.sandbox.behaviour import banks
from billing.providers.sandbox.behaviour.refusals import Refusal
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes.customers import card as shown_card


@dataclass(frozen=True)
class TestCard:
    """A number that Stripe publishes for trying things out, and its names as a ready-made payment method."""

    number: str
    brand: str
    token: str
    meaning: str
    refusal: Refusal | None = None
    # Whether the payer must confirm: never, until it was confirmed once for later payments, or each time.
    confirms: str = "never"
    # What comes of a charge later: the payer disputes it, or a refund of it fails.
    aftermath: str = ""

    @property
    def spaced(self) -> str:
        """The number as it is printed on cards."""
        cuts = (0, 4, 10, 15) if self.brand == "amex" else (0, 4, 8, 12, 16)
        return " ".join(self.number[start:end] for start, end in pairwise(cuts))


DECLINED = Refusal("Your card was declined.", "card_declined", "generic_decline")
NO_FUNDS = Refusal("Your card has insufficient funds.", "card_declined", "insufficient_funds")
UNCONFIRMED = Refusal(
    "This payment needs to be confirmed by the cardholder.", "authentication_required", "authentication_required"
)
NOT_CONFIRMED = Refusal(
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
    "payment_intent_authentication_failure",
)
EXPIRED = Refusal("Your card has expired.", "expired_card", "expired_card")
NOT_A_TEST_CARD = Refusal(
    "Your card was declined. The sandbox takes only the test cards that are listed on its page.",
    "card_declined",
    "test_mode_live_card",
)
CARDS = (
    TestCard("4242424242424242", "visa", "visa", "Pays"),
    TestCard("4000000000000002", "visa", "visa_chargeDeclined", "Declined by the bank", DECLINED),
    TestCard("4000000000009995", "visa", "visa_chargeDeclinedInsufficientFunds", "Insufficient funds", NO_FUNDS),
    TestCard("4000000000000069", "visa", "chargeDeclinedExpiredCard", "Expired", EXPIRED),
    TestCard("4000000000000341", "visa", "chargeCustomerFail", "Can be saved, then declines", DECLINED),
    TestCard(
        "4000002500003155", "visa", "authenticationRequiredOnSetup", "Asks you to confirm (3D Secure)", confirms="once"
    ),
    TestCard("4000002760003184", "visa", "authenticationRequired", "Asks to confirm every payment", confirms="always"),
    TestCard("4000000000000259", "visa", "createDispute", "Pays, then is disputed", aftermath="dispute"),
    TestCard("4000000000005126", "visa", "refundFail", "Pays; a refund fails later", aftermath="refund_fails"),
    TestCard("5555555555554444", "mastercard", "mastercard", "Pays"),
    TestCard("378282246310005", "amex", "amex", "Pays"),
)
# Stripe refuses to attach these; the one that can be attached fails only when it is charged.
ATTACHABLE_FAILURE = "4000000000000341"


def fingerprint(number: str) -> str:
    """What is kept of a number: the same for the same card."""
    return hashlib.sha256(f"mainstay sandbox {number}".encode()).hexdigest()[:16]


BY_FINGERPRINT = {fingerprint(card.number): card for card in CARDS}
BY_TOKEN = {card.token: card for card in CARDS}


def shown(number: str, *, exp_month: int, exp_year: int) -> Json:
    """A card as Stripe shows it."""
    known = BY_FINGERPRINT.get(fingerprint(number))
    brand = known.brand if known else "visa"
    return shown_card(number, brand, fingerprint(number), exp_month=exp_month, exp_year=exp_year)


def known(method: Json) -> TestCard | None:
    """The test card behind a payment method, if it is one."""
    return BY_FINGERPRINT.get(method["card"]["fingerprint"]) if method["type"] == "card" else None


def refusal_of(method: Json) -> Refusal | None:
    """What the bank says to a charge on this payment method; None: yes. A debit is refused only when it is due."""
    if method["type"] != "card":
        return None
    card = known(method)
    return card.refusal if card else NOT_A_TEST_CARD


def debit_refusal_of(method: Json) -> Refusal | None:
    """What the bank says when a debit is due."""
    account = banks.BY_FINGERPRINT.get(method[method["type"]]["fingerprint"])
    return account.refusal if account else banks.NO_ACCOUNT


def must_confirm(method: Json) -> bool:
    """Whether the payer must confirm a charge; of some cards only until they did so once."""
    card = known(method)
    if card is None:
        return False
    return card.confirms == "always" or (card.confirms == "once" and not method.get("_confirmed"))


def attach_refusal_of(method: Json) -> Refusal | None:
    """What the bank says when the card is saved for a customer."""
    card = known(method)
    return None if card and card.number == ATTACHABLE_FAILURE else refusal_of(method)


def passes_luhn(number: str) -> bool:
    """Whether the last digit fits the others, as on every real card."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
