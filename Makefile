# Everything a contributor runs. `make demo` and `make test` work as the first command on a fresh checkout:
# Python 3.11 or newer with pip is all they need, no root, no Docker, no Go.

PY := .venv/bin/python
STAMP := .venv/.set-up
# The first of these that is at least 3.11; `make setup PYTHON=...` overrides.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
PIP := $(PY) -m pip --disable-pip-version-check --retries 5 --timeout 60
CORE := cosignpy/core/*

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-k8s test lint mutants interop bench bench-log bench-ca bench-webhook fixtures lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## build .venv from the lock file (the others call it)

# Without byte code every import takes twice as long, and some environments tell Python not to write it:
# hence compileall, which writes it all the same. A file that does not compile is one for another Python.
# --no-deps: the lock file is complete, and pip, left to resolve, asks for the newest release of whatever is
# wanted with an extra, which the lock does not have once there is a newer one.
$(STAMP): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or newer is needed, and none is on PATH; name one: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PY) -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear .venv || \
		{ echo "error: $(PYTHON) cannot build a virtual environment; on Debian: apt install python3-venv" >&2; exit 1; }
	@for try in 1 2 3; do \
		$(PIP) install --quiet --no-deps --require-hashes -r requirements-dev.lock && exit 0; \
		echo "install failed, attempt $$try of 3" >&2; sleep $$((try * 5)); \
	done; echo "error: the development dependencies could not be installed; pip's message is above" >&2; exit 1
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@$(PIP) uninstall --quiet --yes setuptools # Python 3.11 adds it to new environments; it slows every start
	@$(PIP) check --quiet
	@$(PY) -m compileall -qq -j 0 .venv/lib cosignpy ca_server log_server || true
	@touch $@

demo: setup ## sign and verify an image, then log a signature and pull the plug, step by step
	@$(PY) examples/demo.py

demo-k8s: setup ## install a Kubernetes API server, and see what the admission webhook lets run
	@$(PY) -m tests.interop.peers install --only kube-apiserver --only kubectl --only helm --only etcd
	@PYTHONPATH=. $(PY) examples/demo_kubernetes.py

test: setup ## the offline tests, with the coverage they must reach
	$(PY) -m pytest -n 2 --cov --cov-report=
	$(PY) -m coverage report --include='$(CORE)' --fail-under=100
	$(PY) -m coverage report --omit='$(CORE)' --fail-under=95

lint: setup ## ruff, mypy, import contracts, documents
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m tests.docs

mutants: setup ## delete the verifier's checks one by one; a test must notice each (ten minutes)
	$(PY) -m tests.mutants

interop: setup ## install the real peers (Go, npm, apt) and test against them
	$(PY) -m tests.interop.peers install
	$(PY) -m pytest tests/interop

bench: setup ## measure side by side with the real cosign and sigstore-python
	$(PY) -m tests.interop.peers install --only cosign-v3 --only distribution --only sigstore-python
	$(PY) -m tests.interop.peers install --only fulcio --only rekor-tiles --only timestamp-server
	$(PY) -m bench.run
	$(PY) -m bench.keyless_run
	$(PY) -m bench.attest_run
	$(PY) -m bench.policy_run

bench-log: setup ## measure the logs side by side with rekor-tiles; needs wrk (apt-get install wrk)
	$(PY) -m tests.interop.peers install --only rekor-tiles
	$(PY) -m bench.log_run
	folder=$$(mktemp -d) && $(PY) -m bench.log_growth $$folder/log; rm -rf $$folder

bench-ca: setup ## measure the authorities side by side with fulcio and timestamp-authority; needs wrk
	$(PY) -m tests.interop.peers install --only fulcio --only timestamp-server
	$(PY) -m bench.ca_run

bench-webhook: setup ## measure admission side by side with policy-controller on a real API server; needs wrk
	$(PY) -m tests.interop.peers install --only kube-apiserver --only etcd --only helm --only policy-controller
	$(PY) -m tests.interop.peers install --only cosign-v3 --only distribution --only crane
	$(PY) -m bench.webhook_run

fixtures: setup ## sign registry-fixtures/ anew with the real cosign v2 and v3
	$(PY) -m tests.interop.peers install --only cosign-v2 --only cosign-v3 --only crane --only registry
	PYTHONPATH=. $(PY) registry-fixtures/make.py

# Without `setup`: that checks the environment against what pyproject.toml wants, which the lock may not have yet.
lock: ## resolve the development dependencies anew
	@test -x .venv/bin/uv || $(MAKE) setup
	.venv/bin/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --universal \
		--python-version 3.11 --extra dev --custom-compile-command "make lock" -o requirements-dev.lock pyproject.toml

clean: ## remove the environment and everything generated
	rm -rf .venv dist .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
