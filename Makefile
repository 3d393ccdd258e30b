# What CI runs is `make check test`, then `make test-machine` in the time that is left. Everything lands in .venv and
# .engines, both ignored by git.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
SECONDS ?=

.PHONY: all install develop check test test-fast coverage test-bare test-machines test-machine alerts
.PHONY: dashboards dashboards-preview image run demo pictures bench chaos fuzz truth golden sentences lock licences release clean

all: check test

# The exporter itself, from the lock: .venv/bin/dockernet-exporter.
install: .venv/installed

# What checks and tests need beside it.
develop: .venv/developed

.venv/bin/pip:
	PYTHON="$(PYTHON)" deploy/make-venv

.venv/installed: .venv/bin/pip requirements.lock requirements-build.lock pyproject.toml
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements-build.lock
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/pip check
	touch $@

.venv/developed: .venv/installed requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/pip check
	touch $@

check: develop
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/codespell --check-hidden README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md .github docs exporter tests bench deploy grafana

PYTEST := $(BIN)/python -m pytest
FAST := tests/unit tests/packaging
# What fails on a live machine is tried once more, alone: what it needs may be held by something else there. The first
# failure stays in the output, and is a defect of the test or of the product all the same.
ONCE_MORE := --last-failed --last-failed-no-failures none -n 0

# Fast tests first: what they find need not wait for an engine. Those on hosts wait most of the time, two at once.
test: develop coverage
	$(PYTEST) tests/integration || $(PYTEST) tests/integration $(ONCE_MORE)
	$(PYTEST) -m "not truth" -n 2 --dist loadfile tests/live || $(PYTEST) -m "not truth" tests/live $(ONCE_MORE)

# What needs neither root nor programs that are fetched.
test-fast: develop
	$(PYTEST) $(FAST) -n 2

# The fast tests again, and how much of the exporter they run: fail_under of pyproject.toml for all of it, 90 % of core.
coverage: develop
	$(PYTEST) $(FAST) -n 2 --cov --cov-report= --cov-fail-under=0 || $(PYTEST) $(FAST) $(ONCE_MORE)
	$(BIN)/coverage report --skip-covered
	$(BIN)/coverage report --skip-covered --include "exporter/core/*" --fail-under 90

# The README's commands on a bare Debian 12 from debootstrap, with an empty pip cache; as root, on the last commit.
# SUITE=trixie takes Debian 13 with its Python 3.13.
test-bare: install
	$(BIN)/python -m tests.packaging.bare_debian $(if $(SUITE),--suite $(SUITE))

# What needs Debian's own kernels and systemd, in virtual machines; docs/engines.md.
test-machines: develop
	$(PYTEST) tests/machines

# Those of tests/virtual_machine/chosen.py, in 15 minutes or SECONDS; nothing is tested where no machine is made in time.
test-machine: develop
	$(BIN)/python -m tests.virtual_machine.chosen $(if $(SECONDS),--seconds $(SECONDS))

# The alert rules alone: Prometheus' own checks and unit tests, runbooks, metrics.
alerts: develop
	$(PYTEST) tests/unit/deploy/test_alerts.py tests/integration/deploy/test_promtool.py

# The dashboards' files; RUNBOOKS=URL where docs/runbooks is published.
dashboards: develop
	$(BIN)/python -m grafana.build

# Pictures of them with made-up hosts, by Grafana's own components: npm packages in .preview, Chromium from Debian.
dashboards-preview: dashboards
	$(BIN)/python -m grafana.preview

# The image, on this machine's own engine.
image:
	docker build --tag dockernet-exporter --build-arg REVISION="$$(git rev-parse --short HEAD)" .

# The exporter on this machine's own engine.
run: install
	$(BIN)/dockernet-exporter

# A private Docker host with the classic cases, the exporter, Prometheus and Alertmanager; SECONDS=20 ends by itself.
# BREAK=nat-flush, port-theft, bridge-down or dns breaks it, shows it, and heals it at the end; docs/tour.md.
demo: install
	$(BIN)/python -m deploy.demo $(if $(SECONDS),--seconds $(SECONDS)) $(if $(BREAK),--break $(BREAK))

# The pictures of the page in docs/images, of a recorded host, with Chromium.
pictures: develop
	$(BIN)/python -m tests.support.page_pictures

bench: develop
	$(BIN)/python -m bench

# Break things on a private host, for minutes; docs/chaos.md.
chaos: develop
	$(PYTEST) tests/chaos

# Made-up texts, documents and messages for everything that reads what others choose, SECONDS of each kind (600).
fuzz: develop
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600)

# Plant outages and ordinary habits on private hosts and compare the answers with real connections; docs/truth.md.
truth: develop
	$(PYTEST) tests/live/test_truth_paging.py
	$(BIN)/python -m tests.truth --write
	$(BIN)/python -m tests.truth.reach --write

# Record the test hosts anew and accept their expositions.
golden: develop
	$(BIN)/python -m tests.support.record_host
	$(PYTEST) tests/unit/test_hosts.py --update-golden

# Accept the texts that findings, explain, check and the pages have now; git diff shows what changed.
sentences: develop
	$(PYTEST) tests/unit --update-golden

LOCK = $(BIN)/uv pip compile $(UPGRADE) --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11

# Resolve the dependencies anew; UPGRADE=--upgrade takes newer releases.
lock: develop
	$(LOCK) --group build -o requirements-build.lock
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --group dev --constraints requirements.lock -o requirements-dev.lock

# docs/licences.md, from what is installed.
licences: develop
	$(BIN)/python -m deploy.release.licences

# Wheel, sdist, SBOM and checksums in dist/, checked; docs/releasing.md.
release: develop
	$(BIN)/python -m deploy.release

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .coverage dist
