"""Money as text. Amounts are integers of a currency's minor unit; ISO 4217 says how many digits that unit has."""

from billing.models.catalog import NANO

_NANO_DIGITS = len(str(NANO)) - 1
_TWO = 2
_EXPONENTS = {
    0: "bif clp djf gnf isk jpy kmf krw pyg rwf ugx uyi vnd vuv xaf xof xpf",
    3: "bhd iqd jod kwd lyd omr tnd",
    4: "clf uyw",
}
EXPONENT = {code: digits for digits, codes in _EXPONENTS.items() for code in codes.split()}
SYMBOL = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def exponent(currency: str) -> int:
    """How many decimal digits the currency's minor unit has."""
    return EXPONENT.get(currency.lower(), _TWO)


def _decimal(amount: int, digits: int) -> tuple[str, str]:
    whole, rest = divmod(amount, 10**digits)
    return f"{whole:,}", f"{rest:0{digits}d}" if digits else ""


def _written(whole: str, rest: str, currency: str) -> str:
    code = currency.lower()
    unit = SYMBOL.get(code) or f"{code.upper()} "
    return f"{unit}{whole}{'.' if rest else ''}{rest}"


def format_minor(amount_minor: int, currency: str) -> str:
    """An amount as people write it: 6500 usd is $65.00, 6500 jpy is ¥6,500, 6500 kwd is KWD 6.500."""
    whole, rest = _decimal(abs(amount_minor), exponent(currency))
    return f"{'-' if amount_minor < 0 else ''}{_written(whole, rest, currency)}"


def format_unit_price(unit_price_nano: int, currency: str, *, per: int = 1) -> str:
    """The exact price of `per` units, with as many digits as it takes and no fewer than the currency has."""
    digits = exponent(currency)
    whole, rest = _decimal(unit_price_nano * per, digits + _NANO_DIGITS)
    return _written(whole, rest.rstrip("0").ljust(digits, "0"), currency)
