"""`python -m tenants.management.crashtest`, which `manage.py crashtest` starts in an environment of its own."""

import argparse
import sys
from pathlib import Path

import django


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="crashtest", description=__doc__)
    for name in ("kills", "orders", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    django.setup()

    from tenants.management.crashtest.driver import Driver

    given = _arguments()
    sys.exit(Driver(given.folder, kills=given.kills, orders=given.orders, seed=given.seed).run())
