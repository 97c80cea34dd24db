"""Where the files of one tenant are. The hub's client reads them, the program writes them."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from tenants.agent import files
from tenants.agent.home import Home


@dataclass(frozen=True)
class Request:
    """What is to be set up."""

    order_id: str
    domain: str
    tools: tuple[str, ...]
    hub_url: str
    demo_tokens_per_hour: int = 0

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The request that lies there, if one does."""
        raw = files.read_json(path)
        return None if raw is None else cls(**{**raw, "tools": tuple(raw["tools"])})

    def save(self, path: Path) -> None:
        """Leave it for the program."""
        files.write_json(path, asdict(self))


@dataclass(frozen=True)
class Run:
    """One attempt: its log, and how it ended if it ended by itself."""

    number: int
    root: Path

    @property
    def log(self) -> Path:
        """One line for each thing done."""
        return self.root / "log"

    @property
    def exit(self) -> Path:
        """`{status, reason}`; missing while it runs, and after it was killed."""
        return self.root / "exit.json"

    def ended(self) -> dict[str, Any] | None:
        """How it ended."""
        return files.read_json(self.exit)


@dataclass(frozen=True)
class Tenant:
    """One tenant's directory."""

    root: Path

    @property
    def marker(self) -> Path:
        """Whose directory this is: the first file in it."""
        return self.root / "order.json"

    @property
    def request(self) -> Path:
        """What the hub asked for."""
        return self.root / "request.json"

    @property
    def lock(self) -> Path:
        """Held while the program runs."""
        return self.root / "provisioner.lock"

    @property
    def machine_id(self) -> Path:
        """The server's identity, made once."""
        return self.root / "machine-id"

    @property
    def agent(self) -> Home:
        """The agent's directory."""
        return Home(self.root / "agent")

    @property
    def output(self) -> Path:
        """What the detached program printed."""
        return self.root / "output.log"

    def data(self, tool: str) -> Path:
        """A tool's own data."""
        return self.root / "data" / tool

    def tool_configuration(self, tool: str) -> Path:
        """A tool's configuration."""
        return self.root / "config" / f"{tool}.json"

    def runs(self) -> list[Run]:
        """Every attempt, oldest first."""
        numbers = sorted(int(path.name) for path in self.root.glob("runs/*") if path.name.isdigit())
        return [self.run(number) for number in numbers]

    def run(self, number: int) -> Run:
        """The attempt of this number."""
        return Run(number, self.root / "runs" / str(number))
