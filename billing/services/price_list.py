"""The price list that a new instance starts with. Staff own the catalog from then on."""

from dataclasses import dataclass, field

PRODUCT_ROLES = ("admin", "editor", "viewer")
CURRENCY = "usd"


@dataclass(frozen=True)
class Level:
    """One plan of a product. `overage_nano`: billionths of a cent for each token beyond the allotment."""

    code: str
    name: str
    tier: str
    monthly_minor: int | None
    features: tuple[str, ...]
    token_allotment: int | None = None
    overage_nano: int | None = None


@dataclass(frozen=True)
class Offer:
    """A product and its plans, from the lowest to the highest."""

    code: str
    name: str
    description: str
    levels: tuple[Level, ...]
    roles: tuple[str, ...] = PRODUCT_ROLES
    is_bundle: bool = False
    # Codes of the products that it gives access to beside itself.
    covers: tuple[str, ...] = ()
    fulfilment: str = field(default="none")


def _levels(team_minor: int, business_minor: int) -> tuple[Level, ...]:
    return (
        Level("team", "Team", "Team", team_minor, ("Unlimited viewers", "Email support")),
        Level("business", "Business", "Business", business_minor, ("Everything in Team", "SSO", "Audit log export")),
        Level("enterprise", "Enterprise", "Enterprise", None, ("Everything in Business", "SLA", "Invoice by contract")),
    )


def _hosting(code: str, tier: str, monthly_minor: int, tokens: int, overage_nano: int, *features: str) -> Level:
    return Level(code, code.title(), tier, monthly_minor, features, tokens, overage_nano)


PRICE_LIST = (
    Offer(
        "hosting",
        "Hosting",
        "A server of your own with the tools you choose and AI agents that run them.",
        (
            # 5, 15 and 60 million tokens a month; beyond them 3.00, 2.50 and 2.00 dollars a million.
            _hosting("starter", "Start", 4_900, 5_000_000, 300_000, "5 million tokens a month", "Daily backups"),
            _hosting("pro", "Build", 12_900, 15_000_000, 250_000, "15 million tokens a month", "Hourly backups"),
            _hosting("enterprise", "Scale", 39_900, 60_000_000, 200_000, "60 million tokens a month", "Priority help"),
        ),
        fulfilment="server",
    ),
    Offer("pages", "Pages", "Status pages for your services.", _levels(6_500, 15_000)),
    Offer("alerts", "Alerts", "Who is called when something breaks.", _levels(6_500, 15_000)),
    Offer("synthetics", "Synthetics", "Checks that act like your users.", _levels(6_500, 15_000)),
    Offer(
        "bundle",
        "Bundle",
        "Pages, Alerts and Synthetics together.",
        _levels(15_000, 40_000),
        roles=(),
        is_bundle=True,
        covers=("pages", "alerts", "synthetics"),
    ),
)
