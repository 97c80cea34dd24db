"""The price list holds together."""

from billing.services.price_list import PRICE_LIST


def test_codes_are_unique_and_levels_rise() -> None:
    codes = [f"{offer.code}-{level.code}" for offer in PRICE_LIST for level in offer.levels]
    assert len(codes) == len(set(codes)) == 15
    for offer in PRICE_LIST:
        amounts = [level.monthly_minor for level in offer.levels if level.monthly_minor is not None]
        assert amounts == sorted(set(amounts))


def test_a_bundle_costs_less_than_its_parts() -> None:
    amounts = {offer.code: [level.monthly_minor or 0 for level in offer.levels] for offer in PRICE_LIST}
    for at in (0, 1):
        assert amounts["bundle"][at] < amounts["pages"][at] + amounts["alerts"][at] + amounts["synthetics"][at]


def test_tokens_cost_less_on_higher_levels() -> None:
    hosting = next(offer for offer in PRICE_LIST if offer.code == "hosting")
    overage = [level.overage_nano or 0 for level in hosting.levels]
    assert overage == sorted(overage, reverse=True)
    assert all(level.token_allotment for level in hosting.levels)
