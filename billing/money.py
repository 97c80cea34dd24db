"""Money as text. Amounts are integers of a currency's minor unit; ISO 4217 says how many digits that unit has."""

import re

from billing.models.catalog import NANO

_NANO_DIGITS = len(str(NANO)) - 1
_TWO = 2
_AMOUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]+))?")
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


# ISO 4217 codes that something can be priced in.
_PRICED_IN = (
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf "
    "clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr "
    "ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur "
    "mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr "
    "sek sgd shp sle sos srd stn szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xof "
    "xpf yer zar zmw"
)
CURRENCIES = frozenset(_PRICED_IN.split())


def parse_minor(text: str, currency: str) -> int:
    """What people write as minor units: "65", "65.00" and "1,065.5" of usd. Raises ValueError for anything else."""
    digits = exponent(currency)
    found = _AMOUNT.fullmatch(text.strip().replace(",", ""))
    if found is None or len(found[2] or "") > digits:
        raise ValueError(text)
    return int(found[1] + (found[2] or "").ljust(digits, "0"))


def plain_minor(amount_minor: int, currency: str) -> str:
    """The amount as `parse_minor` reads it: 6500 usd is 65.00."""
    whole, rest = _decimal(amount_minor, exponent(currency))
    return f"{whole}.{rest}".replace(",", "").rstrip(".")
