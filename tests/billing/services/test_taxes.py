"""Which tax is due, and how much of each line it is."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from billing.models import BillingProfile, LegalEntity, TaxRate
from billing.services.taxes import REVERSE_CHARGE, Taxed, Treatment, rate_for, taxed, treatment

DAY = date(2026, 3, 1)
SELLER = LegalEntity(name="Ours", country="IE")
IE = TaxRate(country="IE", rate_ppm=230_000, starts_on=date(2020, 1, 1))
DE_OLD = TaxRate(country="DE", rate_ppm=160_000, starts_on=date(2020, 7, 1), ends_on=date(2021, 1, 1))
DE = TaxRate(country="DE", rate_ppm=190_000, starts_on=date(2021, 1, 1), is_reverse_charged=True)
NY = TaxRate(country="US", region="NY", name="Sales tax", rate_ppm=88_750, starts_on=date(2020, 1, 1))
RATES = [IE, DE_OLD, DE, NY]


def buyer(country: str = "", region: str = "", tax_id: str = "") -> BillingProfile:
    return BillingProfile(country=country, region=region, tax_id=tax_id)


def test_the_rate_of_the_day_and_the_region() -> None:
    assert rate_for(RATES, "DE", "", date(2020, 12, 31)) is DE_OLD
    assert rate_for(RATES, "DE", "BY", date(2021, 1, 1)) is DE
    assert rate_for(RATES, "DE", "", date(2020, 6, 30)) is None
    assert rate_for(RATES, "US", "NY", DAY) is NY
    assert rate_for(RATES, "US", "CA", DAY) is None


def test_a_buyer_of_an_unknown_country_is_taxed_as_at_home() -> None:
    assert treatment(SELLER, None, RATES, DAY) == Treatment(230_000, False, "VAT 23%")
    assert treatment(SELLER, buyer(), RATES, DAY) == Treatment(230_000, False, "VAT 23%")


def test_a_business_abroad_accounts_for_it_itself() -> None:
    assert treatment(SELLER, buyer("DE", tax_id="DE123456789"), RATES, DAY) == Treatment(note=REVERSE_CHARGE)
    assert treatment(SELLER, buyer("DE"), RATES, DAY).rate_ppm == 190_000
    assert treatment(SELLER, buyer("DE", tax_id="DE12"), RATES, DAY).rate_ppm == 190_000
    assert treatment(SELLER, buyer("IE", tax_id="IE1234567FA"), RATES, DAY).rate_ppm == 230_000


def test_where_no_rate_is_no_tax_is_due() -> None:
    assert treatment(SELLER, buyer("US", "CA"), RATES, DAY) == Treatment()
    assert treatment(SELLER, buyer("US", "NY"), RATES, DAY).note == "Sales tax 8.875%"


def test_it_is_rounded_once_and_shared_out_by_largest_remainder() -> None:
    assert taxed([333, 333, 333], Treatment(190_000)) == Taxed(999, 190, 1_189, (64, 63, 63))
    assert taxed([1_190], Treatment(190_000, is_inclusive=True)) == Taxed(1_190, 190, 1_190, (190,))
    assert taxed([2_900, -900], Treatment(200_000)) == Taxed(2_000, 400, 2_400, (580, -180))


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20),
    st.integers(0, 1_000_000),
    st.booleans(),
)
def test_parts_sum_to_the_whole(amounts: list[int], rate: int, is_inclusive: bool) -> None:
    found = taxed(amounts, Treatment(rate, is_inclusive))

    assert sum(found.lines) == found.tax_minor
    assert found.subtotal_minor == sum(amounts)
    assert found.total_minor == found.subtotal_minor + (0 if is_inclusive else found.tax_minor)
    net = found.total_minor - found.tax_minor
    # The tax is the rate of what is left without it, to half a unit.
    assert abs(2 * (net * rate - found.tax_minor * 1_000_000)) <= 2_000_000
