"""Tax ids of businesses: how each country writes them. That one is well formed does not say that it was given out."""

import re

_MEMBERS = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU = frozenset(_MEMBERS.split())
# Greece writes its VAT numbers EL.
PREFIXES = {"GR": "EL"}
# What follows the prefix in the EU and Northern Ireland; elsewhere the whole id.
PATTERNS = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "GR": r"\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"(\d{9}|\d{12})",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"[A-Z0-9+*]{10}\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "GB": r"GB(\d{9}|\d{12}|GD\d{3}|HA\d{3})",
    "CH": r"CHE\d{9}(MWST|TVA|IVA)?",
    "NO": r"\d{9}(MVA)?",
    "IS": r"\d{5,6}",
    "US": r"\d{9}",
    "CA": r"\d{9}(RT\d{4})?",
    "AU": r"\d{11}",
    "NZ": r"\d{8,9}",
    "IN": r"\d{2}[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]",
    "JP": r"T\d{13}",
    "SG": r"[A-Z0-9]{9,10}",
    "AE": r"\d{15}",
    "BR": r"\d{14}",
    "MX": r"[A-Z&Ñ]{3,4}\d{6}[A-Z0-9]{3}",
    "ZA": r"4\d{9}",
}
_SEPARATORS = re.compile(r"[\s.\-/]")
# Of a country whose ids we do not know: something that may be one.
_ANY = re.compile(r"[A-Z0-9]{4,30}")


def normalized(tax_id: str) -> str:
    """The id as it is stored: capitals, without blanks, dots, dashes and strokes."""
    return _SEPARATORS.sub("", tax_id).upper()


def is_well_formed(country: str, tax_id: str) -> bool:
    """Whether a normalized id is written as the country writes them."""
    pattern = PATTERNS.get(country)
    if pattern is None:
        return _ANY.fullmatch(tax_id) is not None
    prefix = PREFIXES.get(country, country) if country in EU else ""
    return re.fullmatch(prefix + pattern, tax_id, re.ASCII) is not None
