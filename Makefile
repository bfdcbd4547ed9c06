# The developer's whole interface. `make demo` and `make test` need Debian or Ubuntu, python3 >= 3.11, git and make.
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.PHONY: demo test coverage bench lock policies openapi clean setup nginx browser
setup: $(STAMP)

# pip checks every download against requirements.lock; Penstock itself is then installed without looking further.
$(STAMP): requirements.lock pyproject.toml
	@./.ci/find-python > /dev/null
	@test -x $(PY) || "$$(./.ci/find-python)" -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

nginx:
	@./.ci/need nginx openssl

# Chromium presses the buttons of the API's documentation. Ubuntu's is a snap, which apt does not bring along with a
# driver: there the browser's tests are skipped, and say so, unless Chrome and its driver are there already.
browser:
	@./.ci/need chromium chromedriver || { grep -q '^ID=ubuntu' /etc/os-release && echo "Going on without a browser." >&2; }

demo: setup nginx
	@$(PY) -m penstock demo

test: setup nginx browser
	@$(PY) -m pytest -n 2 --dist loadgroup

policies: setup
	@$(PY) .ci/digest-policies

openapi: setup
	@$(PY) .ci/write-openapi

coverage: setup nginx browser
	@$(PY) -m pytest -n 2 --dist loadgroup --cov=penstock --cov-report=term:skip-covered

bench: setup nginx
	@$(PY) benchmarks/run.py

lock:
	@./.ci/lock

clean:
	rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache
