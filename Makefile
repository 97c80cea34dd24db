# Every target makes .venv and installs the hashed lock file by itself. `make` prints this list.
.DEFAULT_GOAL := help
.PHONY: help venv demo run test check coverage browser bench fix snapshots lock
ARGS ?=
PY := .venv/bin/python
WORKERS ?= 2
# Processes are started by the dozen; each would compile the code anew.
unexport PYTHONDONTWRITEBYTECODE

help:  ## print this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

venv:
	@deploy/venv

demo: venv  ## a small living company: walks one customer from sign-up to invoice, then stays up (ARGS="--exit --port 8000 --fresh --credentials FILE")
	@$(PY) manage.py demo $(ARGS)

run: venv  ## the web server, the worker and the sandbox on your own data, without the demo's
	@$(PY) manage.py demo --bare $(ARGS)

test: venv  ## the test suite, on SQLite or on whatever DATABASE_URL and REDIS_URL name (ARGS="tests/billing -k rating", COVERAGE=FILE)
	@$(PY) $(if $(COVERAGE),-m slipcover --out $(COVERAGE)) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: venv  ## what must hold before each commit: format, lint, layers, types, production's settings, the guards of tests/architecture (TESTED=FILE: the coverage of a suite just run instead of those)
	@deploy/check

coverage: venv  ## the suite and what it did not run: fails below 95 %, or where a rule is not whole
	@report=$$(mktemp) && trap 'rm -f "$$report"' EXIT && $(MAKE) --no-print-directory test COVERAGE="$$report" && $(PY) deploy/check_coverage.py "$$report"

browser: venv  ## the journey in Chromium, with screenshots
	@$(PY) -m pytest tests/browser -p no:xdist -o addopts="--strict-markers --strict-config -ra" $(ARGS)

bench: venv  ## timings and ratios, each beside its reference in the same run
	@$(PY) -m tests.bench $(ARGS)

fix: venv  ## format, and mend what the linter can mend
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix .

snapshots: venv  ## rewrite docs/routes.txt, docs/openapi.yaml and the query counts
	@$(PY) manage.py routes --write && $(PY) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml && UPDATE_SNAPSHOTS=1 $(PY) -m pytest -q tests/architecture

lock:  ## resolve the dependencies of pyproject.toml anew
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml -o requirements.lock
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
