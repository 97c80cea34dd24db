"""What Stripe can do for us, as data."""

from billing.providers.protocol import Capabilities

# Every currency in which we could name a price and Stripe could take it by card, without those that Stripe rounds.
CURRENCIES = (
    "aud", "bgn", "brl", "cad", "chf", "czk", "dkk", "eur", "gbp", "hkd", "huf", "ils", "inr", "jpy", "krw", "mxn",
    "myr", "nok", "nzd", "php", "pln", "ron", "sek", "sgd", "thb", "try", "usd", "zar",
)  # fmt: skip
CAPABILITIES = Capabilities(
    name="stripe",
    display_name="Stripe",
    currencies=CURRENCIES,
    methods=("card", "bank_debit"),
    features={
        "checkout": True,
        "coupons": True,
        "creditNotes": True,
        "customerPortal": True,
        "disputes": True,
        "meteredBilling": False,
        "oneOffPayments": True,
        "pause": True,
        "proration": True,
        "refunds": True,
        "scheduledChanges": True,
        "subscriptions": True,
        "trials": True,
    },
    # Eight digits; twelve of rupiah. What has three decimals is taken in whole hundredths.
    largest_minor=10**8 - 1,
    larger_minor={"idr": 10**12 - 1},
    in_tens=("bhd", "jod", "kwd", "omr", "tnd"),
)
