"""`python -m tenants.management.shuffletest`, which `manage.py shuffletest` starts in an environment of its own."""

import argparse
import sys
from pathlib import Path

import django


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="shuffletest", description=__doc__)
    for name in ("subscriptions", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--nursery", action="store_true", help="be the process that keeps and kills the workers")
    return parser.parse_args()


if __name__ == "__main__":
    django.setup()

    from tenants.management.shuffletest.driver import Driver
    from tenants.management.shuffletest.nursery import Nursery

    given = _arguments()
    if given.nursery:
        sys.exit(Nursery(given.folder, given.seed).run())
    sys.exit(Driver(given.folder, subscriptions=given.subscriptions, seed=given.seed).run())
