# make run   sets everything up and starts the service with its console
# make test  sets everything up and passes the tests
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SEED := var/seed/fingerprints
# Fingers 11 and 12 stay strangers, and impressions 2 and 3 of the others are there to try.
ENROLLED := $(foreach finger,01 02 03 04 05 06 07 08 09 10,$(SEED)/000$(finger)_1.png)
export OMP_NUM_THREADS ?= 1
# What was compiled is kept, wherever the machine says otherwise: each process starts in half the time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check setup lock docs clean

run: setup
	$(BIN)/biometric-service models fetch
	$(BIN)/python -m benchmarks.synthesis $(SEED) --fingers 12 --impressions 3 --seed 1
	$(BIN)/biometric-service enrol $(ENROLLED) --gallery inmates --purpose demonstration
	BIOMETRIC_TLS=false $(BIN)/biometric-service serve --console-key

test: setup
	$(BIN)/pytest -n 2 --dist loadfile

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# The lock file pins every package with its hashes; uv (from PyPI) resolves it.
lock:
	uv pip compile pyproject.toml --extra client --extra dev --extra nfiq2 --extra interchange --extra mosip --extra onvif --extra openvino --extra pkcs11 --extra postgres --extra reports --extra sftp --extra sourceafis --extra suprema --extra tracing --generate-hashes --universal --python-version 3.11 --no-header --quiet -o requirements.lock

docs: setup
	$(BIN)/python docs/build_reference.py

clean:
	rm -rf .venv var build dist *.egg-info
