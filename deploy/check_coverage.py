"""Says what the tests did not run, from SlipCover's report: 95 % of everything, and all of the rules."""

import json
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

OVERALL = 95.0
WHOLE = ("*/services/*", "platform_core/api/*")


def missed(name: str, file: dict[str, Any]) -> str:
    """The lines and branches of one file that no test went through."""
    branches = [f"{start}->{end or 'exit'}" for start, end in file["missing_branches"]]
    return f"{name}: {', '.join([*map(str, file['missing_lines']), *branches])}"


def main(path: str) -> int:
    """0 where enough was run; 1 and the list where not."""
    with Path(path).open() as report:
        found = json.load(report)
    overall = found["summary"]["percent_covered"]
    holes = [
        missed(name, file)
        for name, file in sorted(found["files"].items())
        if any(fnmatch(name, pattern) for pattern in WHOLE) and (file["missing_lines"] or file["missing_branches"])
    ]
    print(f"{overall:.1f} % of lines and branches, {OVERALL:.0f} % wanted; every one of {' and '.join(WHOLE)} wanted")
    print("\n".join(holes) or "none of those is missing")
    return 1 if holes or overall < OVERALL else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
