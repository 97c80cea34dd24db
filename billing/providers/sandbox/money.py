"""Amounts in words, for lines and pages."""

# Currencies whose minor unit is not a hundredth (ISO 4217).
DECIMALS = {
    "jpy": 0,
    "krw": 0,
    "vnd": 0,
    "clp": 0,
    "xaf": 0,
    "xof": 0,
    "kwd": 3,
    "bhd": 3,
    "jod": 3,
    "omr": 3,
    "tnd": 3,
}
SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def amount_text(minor: int, currency: str) -> str:
    """`$65.00`, `-€1,234.50`, `¥500`, `10.000 KWD`."""
    places = DECIMALS.get(currency, 2)
    whole, rest = divmod(abs(minor), 10**places)
    number = f"{whole:,}" + (f".{rest:0{places}d}" if places else "")
    sign = "-" if minor < 0 else ""
    known = SIGNS.get(currency)
    return f"{sign}{known}{number}" if known else f"{sign}{number} {currency.upper()}"
