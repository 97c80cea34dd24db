"""`python -m tenants.provisioner start|run|status DIR`."""

import argparse
import json
import sys
from pathlib import Path

from tenants.provisioner import program
from tenants.provisioner.layout import Tenant


def main(argv: list[str]) -> int:
    """`start` answers at once and works on behind; `run` stays; `status` tells."""
    parser = argparse.ArgumentParser(prog="python -m tenants.provisioner", description=__doc__)
    parser.add_argument("command", choices=["start", "run", "status"])
    parser.add_argument("directory", type=Path)
    given = parser.parse_args(argv)
    tenant = Tenant(given.directory.resolve())
    if given.command == "status":
        print(json.dumps(program.describe(tenant)))
        return 0
    return program.start(tenant, detach=given.command == "start")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
