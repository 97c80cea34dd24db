"""`python -m tenants.agent --home DIR` runs the agent; `... record` writes one use into its ledger."""

import argparse
import logging
import signal
import sys
import threading
from dataclasses import replace
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from tenants.agent import detached
from tenants.agent.agent import Agent
from tenants.agent.clock import HubClock
from tenants.agent.files import Lock
from tenants.agent.home import Home, NotReady, Settings
from tenants.agent.ledger import Ledger, Usage
from tenants.agent.server import Server
from tenants.agent.webhooks import Webhooks

log = logging.getLogger("tenants.agent")
NOT_READY, ALREADY_RUNNING = 2, 3
COUNTS = ("input", "output", "cache-read", "cache-write")


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tenants.agent", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the agent's directory")
    parser.add_argument(
        "--demo-load", type=int, metavar="N", help="invent a steady load of N tokens an hour, for demonstrations"
    )
    parser.add_argument("--detach", action="store_true", help="answer once it listens, and go on behind")
    record = parser.add_subparsers(dest="command").add_parser("record", help="write one use into the ledger")
    record.add_argument("--agent", required=True)
    record.add_argument("--model", required=True)
    for name in COUNTS:
        record.add_argument(f"--{name}", type=int, default=0, metavar="TOKENS")
    record.add_argument("--web-searches", type=int, default=0)
    record.add_argument("--web-fetches", type=int, default=0)
    return parser.parse_args(argv)


def _log_to(home: Home) -> None:
    handler = RotatingFileHandler(home.log, maxBytes=1_000_000, backupCount=2)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)


def _record(home: Home, given: argparse.Namespace) -> int:
    tokens = (given.input, given.output, given.cache_read, given.cache_write)
    usage = Usage(given.agent, given.model, *tokens, given.web_searches, given.web_fetches)
    Ledger(home.usage).record(usage, HubClock(home).now())
    return 0


def _serve(home: Home, settings: Settings, *, detach: bool) -> int:
    lock = Lock(home.lock)
    if not lock.acquire():
        print(f"An agent already runs on {home.root}.", file=sys.stderr)
        return ALREADY_RUNNING
    agent = Agent(home, settings)
    server = Server((settings.host, settings.port), Webhooks(home, agent.hint), agent.health)
    if detach and detached.leave(home.output):
        return 0
    lock.sign()
    _log_to(home)

    def stop(*_: Any) -> None:
        agent.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    log.info("Listening on %s", settings.agent_url)
    agent.run()
    server.shutdown()
    server.server_close()
    log.info("Stopped")
    lock.release()
    return 0


def main(argv: list[str]) -> int:
    """The command line."""
    given = _arguments(argv)
    home = Home(given.home.resolve())
    try:
        if given.command == "record":
            return _record(home, given)
        settings = Settings.read(home)
        if given.demo_load is not None:
            settings = replace(settings, demo_tokens_per_hour=given.demo_load)
        return _serve(home, settings, detach=given.detach)
    except (NotReady, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return NOT_READY


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
