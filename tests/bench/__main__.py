"""`make bench`: each path of ours beside its reference, in one run, on the database that DATABASE_URL names.

`python -m tests.bench WORD` measures only what has the word in its name. A missed target is told, and no failure.
"""

import logging
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_test"

import django

django.setup()

from django.conf import settings
from django.db import connections
from django.test.utils import get_runner, override_settings, setup_test_environment

from tests.bench.harness import HEADINGS, row


def prepare_databases() -> None:
    """Tables without the migrations' history, and for SQLite files such as an instance has."""
    for alias in settings.DATABASES:
        test = connections[alias].settings_dict["TEST"]
        test["MIGRATE"] = False
        if connections[alias].vendor == "sqlite":
            test["NAME"] = str(settings.DATA_DIR / f"bench-{alias}.sqlite3")


def main(wanted: str) -> None:
    """Print the table, a line as soon as it is known."""
    from tests.bench import comparisons

    setup_test_environment(debug=False)
    # Refusals are measured too, and each would be told of.
    logging.disable(logging.WARNING)
    runner = get_runner(settings)(verbosity=0, interactive=False)
    prepare_databases()
    databases = runner.setup_databases(aliases=settings.DATABASES, serialized_aliases=set())
    try:
        print(f"{connections['default'].vendor}, one process; median of 5 rounds; CPU-ms are this process's own")
        print(row(*HEADINGS))
        with override_settings(ROOT_URLCONF="tests.bench.references", WHITENOISE_AUTOREFRESH=False):
            for comparison in comparisons.run(wanted):
                print(comparison.line(), flush=True)
    finally:
        runner.teardown_databases(databases)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
