"""Where the agent keeps what it knows: one directory, readable by its owner only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tenants.agent import files


class NotReady(Exception):
    """The directory lacks what the agent needs to begin."""


@dataclass(frozen=True)
class Home:
    """The names of the agent's files."""

    root: Path

    @property
    def settings(self) -> Path:
        """Written by whoever set the server up."""
        return self.root / "settings.json"

    @property
    def registration_token(self) -> Path:
        """Written by the hub's provisioner, read until the agent is registered."""
        return self.root / "registration-token"

    @property
    def identity(self) -> Path:
        """The key, the webhook secret and the server's id."""
        return self.root / "identity.json"

    @property
    def config(self) -> Path:
        """The configuration in force, with its version."""
        return self.root / "config.json"

    @property
    def clock(self) -> Path:
        """How far the hub's time is from this machine's."""
        return self.root / "clock.json"

    @property
    def journal(self) -> Path:
        """Every webhook that was accepted."""
        return self.root / "journal.jsonl"

    @property
    def usage(self) -> Path:
        """The ledger: one file for each hour."""
        return self.root / "usage"

    @property
    def demo_load(self) -> Path:
        """Until when the demo's load has been written."""
        return self.root / "demo-load.json"

    @property
    def lock(self) -> Path:
        """Held while the agent runs."""
        return self.root / "agent.lock"

    @property
    def log(self) -> Path:
        """What the agent did."""
        return self.root / "agent.log"

    @property
    def output(self) -> Path:
        """What a detached agent printed."""
        return self.root / "output.log"


@dataclass(frozen=True)
class Settings:
    """What the agent is told before it can ask the hub."""

    hub_url: str
    machine_id: str
    port: int
    host: str = "127.0.0.1"
    demo_tokens_per_hour: int = 0

    @property
    def agent_url(self) -> str:
        """Where the hub reaches this agent."""
        return f"http://{self.host}:{self.port}"

    @classmethod
    def read(cls, home: Home) -> Self:
        """The settings of a home that was set up."""
        raw = files.read_json(home.settings)
        if raw is None:
            raise NotReady(f"{home.settings} is missing or is not a JSON object.")
        try:
            return cls(
                hub_url=str(raw["hubUrl"]).rstrip("/"),
                machine_id=str(raw["machineId"]),
                port=int(raw["port"]),
                host=str(raw.get("host", cls.host)),
                demo_tokens_per_hour=int(raw.get("demoTokensPerHour", 0)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise NotReady(f"{home.settings} is not usable: {error}") from error

    def as_json(self) -> dict[str, Any]:
        """The form in which a home keeps them."""
        return {
            "hubUrl": self.hub_url,
            "machineId": self.machine_id,
            "port": self.port,
            "host": self.host,
            "demoTokensPerHour": self.demo_tokens_per_hour,
        }


@dataclass(frozen=True)
class Identity:
    """What registration gave us."""

    hub_api_key: str
    webhook_secret: str
    server_id: str

    @classmethod
    def read(cls, home: Home) -> Self | None:
        """The stored identity, if this server is registered."""
        raw = files.read_json(home.identity)
        try:
            return None if raw is None else cls(raw["hubApiKey"], raw["webhookSecret"], raw["serverId"])
        except KeyError:
            return None

    def save(self, home: Home) -> None:
        """Keep it, for the owner's eyes only."""
        files.write_json(
            home.identity,
            {"hubApiKey": self.hub_api_key, "webhookSecret": self.webhook_secret, "serverId": self.server_id},
        )
