# `make help` lists what can be made.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
MESSAGES := ghost/locale/zh_Hans/LC_MESSAGES/django.po
# Two cores are busy with three: one often waits for a program or a time-out.
AT_ONCE := -n 3 --dist worksteal
PATHS := ghost teams resources dht builds tests bench manage.py .ci

# Where it is set, each of the hundreds of processes of a test run would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test test-postgres setup lint coverage audit bench drill lock \
  env-example openapi client messages format

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: setup ## the demo: a real swarm on loopback, a catalog, worker, site and admin
	@$(BIN)/python -m ghost.demo

test: setup ## the test suite; with CI=true also the benches, and properties for longer
ifdef COVERAGE
	@rm -rf var/coverage && mkdir -p var/coverage
	@$(BIN)/coverage run -m pytest $(AT_ONCE) $(TESTS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report > var/coverage/report.txt; echo "coverage: $$($(BIN)/coverage report --format=total) % of lines, by file in var/coverage/report.txt"
else
	@$(BIN)/python -m pytest $(AT_ONCE) $(TESTS)
endif

test-postgres: setup ## what of it uses the database, on PostgreSQL
	@$(BIN)/python -m tests.postgres $(BIN)/python -m pytest $(AT_ONCE)

setup: .venv/.installed ## make .venv from the hashed lock

.venv/.installed: requirements-dev.txt .ci/make-venv
	@sh .ci/make-venv requirements-dev.txt

lint: setup ## ruff, mypy, import-linter, migrations
	@$(BIN)/ruff check $(PATHS)
	@$(BIN)/ruff format --check --quiet $(PATHS)
	@$(BIN)/mypy ghost teams resources dht builds tests bench
	@$(BIN)/lint-imports
	@GHOST_ENV_FILE=/dev/null $(BIN)/python manage.py makemigrations --check --dry-run

coverage: ## the same, and which lines of Ghost it ran: var/coverage
	@$(MAKE) --no-print-directory test COVERAGE=1

audit: setup ## known flaws of the locked packages (needs the network: a database of flaws)
	@$(BIN)/python .ci/audit.py requirements-dev.txt .ci/audit-requirements.txt

bench: setup ## the benchmarks of bench/
	@for file in bench/bench_*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

drill: setup ## ten minutes of killing single processes under load; then twelve faults, made and mended
	@$(BIN)/python bench/drill.py
	@$(BIN)/python -m pytest -m drill -q -s tests/stories/operations

format: setup ## let ruff format the code
	@$(BIN)/ruff check --fix --quiet $(PATHS); $(BIN)/ruff format $(PATHS)

lock: ## make the hashed locks again (needs uv)
	uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -q -o requirements.txt
	uv pip compile pyproject.toml --extra dev --universal --generate-hashes --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -q -o requirements-dev.txt
	uv pip compile .ci/audit.in --universal --generate-hashes --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -q -o .ci/audit-requirements.txt

env-example: setup ## write .env.example from ghost/core/config/groups/
	@$(BIN)/python manage.py config example > .env.example

openapi: setup ## write docs/openapi.json from the live API
	@$(BIN)/python manage.py export_openapi_schema --api ghost.api.root.api --indent 1 --sorted --output docs/openapi.json

client: ## pack the publishers' client into the one file dist/ghost (needs no .venv)
	@python3 .ci/make_client.py dist/ghost

messages: setup ## collect and compile the translations (needs gettext)
	@$(BIN)/python manage.py makemessages -l zh_Hans --ignore '.venv/*' --ignore 'tests/*' --ignore 'var/*' --no-location
	@msgcat --sort-output --no-location -o $(MESSAGES) $(MESSAGES)
	@$(BIN)/python manage.py compilemessages --ignore '.venv/*'
