"""What a new server begins with where its plan does not say otherwise."""

from dataclasses import dataclass

from billing.models import Plan

TOOLS = ("nextcloud", "chatwoot", "ghost", "calcom", "odoo", "stalwart", "listmonk", "umami")


@dataclass(frozen=True)
class AgentRole:
    """An agent that every server has. `autonomy_level` is from 1 (asks always) to 3 (asks for red commands only)."""

    code: str
    name: str
    autonomy_level: int = 2


AGENTS = (
    AgentRole("dispatcher", "Dispatcher"),
    AgentRole("it-admin", "IT Admin", autonomy_level=3),
    AgentRole("marketing", "Marketing"),
    AgentRole("secretary", "Secretary"),
    AgentRole("sales", "Sales"),
)


def tools_of(plan: Plan) -> list[str]:
    """The tools that a plan's features name; all of them where it names none."""
    named = {str(feature).lower() for feature in plan.features}
    return [tool for tool in TOOLS if tool in named] or list(TOOLS)
