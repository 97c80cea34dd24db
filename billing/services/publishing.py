"""What came of telling the provider what is sold."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """A price or a coupon that the provider does not take, and why."""

    code: str
    reason: str


@dataclass(frozen=True)
class Published:
    """How many the provider came to know, and which it refused."""

    count: int
    refused: tuple[Refusal, ...] = ()

    def __str__(self) -> str:
        told = [f"{self.count} published", *(f"{each.code} refused: {each.reason}" for each in self.refused)]
        return "; ".join(told)
