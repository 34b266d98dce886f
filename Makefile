# Everything runs in .venv, which is made from the locked, hashed requirements, and remade when they change.
PYTHON ?= python3
CONFIG ?= orgdns.example.yaml
# The shards of the ledger's stream in `make sandbox`, its port of AWS's API, and BARE=1 to deploy nothing.
SHARDS ?= 4
PORT ?= 5600
BARE ?=
VENV := .venv
BIN := $(VENV)/bin
# The stamp has the lock's checksum: a checkout or a pull that changes the lock reinstalls, touching a file does not.
LOCK := $(shell cksum requirements/dev.txt | cut -d' ' -f1)
STAMP := $(VENV)/.installed-$(LOCK)
# checkov pins versions that contradict the other requirements.
VENV_LINT := .venv-lint
STAMP_LINT := $(VENV_LINT)/.installed-$(shell cksum requirements/lint.txt | cut -d' ' -f1)

LOCKING := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock"

# Keep the AWS settings of the person out of the simulated organization.
unexport AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ENDPOINT_URL AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE

.DEFAULT_GOAL := help
.PHONY: help install demo sandbox test test-unit test-deep bench cost mutants check format templates deploy package lock clean

help:  ## Show this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): | requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is required; this is " + sys.version.split()[0] + ". Run: make PYTHON=python3.11") if sys.version_info < (3, 11) else 0'
	@echo "installing the locked requirements into $(VENV) (once; a minute or two)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	@touch $@

$(STAMP_LINT): | requirements/lint.txt
	@echo "installing the locked linter of templates into $(VENV_LINT) (once; half a minute)"
	@$(PYTHON) -m venv --clear $(VENV_LINT)
	@$(VENV_LINT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/lint.txt
	@touch $@

install: $(STAMP)  ## Make .venv from the locked requirements

demo: $(STAMP)  ## Show step by step how instances of a simulated organization get names
	@$(BIN)/python -m sandbox.demo

sandbox: $(STAMP)  ## Run a simulated organization for CONFIG on loopback, for the AWS CLI and dig; with BARE=1 before the rollout
	@$(BIN)/python -m sandbox.server --config $(CONFIG) --port $(PORT) --shards $(SHARDS) $(if $(BARE),--bare)

test: $(STAMP)  ## Run the tests, but for those that `make check` runs and those that only `make test-deep` runs
	@# Distribute tests by file, because the tests of a module share a simulated organization, in the order of file names, so that no
	@# long file comes last.
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --ignore tests/lint -m "not deep"

test-unit: $(STAMP)  ## Run the tests that need no simulated organization (less than a minute)
	@$(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m "not world" tests/unit tests/config tests/cli tests/templates tests/lint --ignore tests/lint/test_checkov.py

test-deep: $(STAMP)  ## Run ten thousand cases of each property, 100,000 odd inputs, 20,000 schedules of the pipeline in memory, as many interleaved, 200 deployed, kill a worker and a deployment at every call, and run what `make test` leaves out
	@$(BIN)/python -m pytest tests/unit/model/health/test_attention.py tests/unit/model/health/test_near_limit.py tests/unit/observer/test_quota.py tests/unit/observer/test_usage.py tests/unit/policy/test_hostile.py tests/unit/names/test_labels.py tests/unit/names/test_templates.py tests/unit/publisher/test_holders.py \
		tests/unit/sweeper/schedule/test_due.py tests/unit/sweeper/test_hash_set.py tests/unit/test_messages.py tests/unit/associator/test_associator_faults.py tests/unit/associator/test_paused.py tests/unit/associator/test_unreadable_vpcs.py tests/unit/aws/ledger/test_attributes.py tests/config/test_load.py tests/config/test_limits.py tests/unit/test_pipeline_memory.py tests/unit/fuzz tests/unit/test_pipeline_interleaved.py tests/security/test_random_organizations.py tests/e2e/test_pipeline_sandbox.py \
		tests/e2e/test_killed_after.py tests/e2e/test_killed_before.py tests/e2e/test_killed_vpcs_after.py tests/e2e/test_killed_vpcs_before.py tests/e2e/backlog/test_killed_backlog.py \
		tests/e2e/deployment/test_command.py tests/e2e/deployment/test_killed_over_api.py \
		--numprocesses 2 --dist loadfile --hypothesis-profile deep --override-ini faulthandler_timeout=0
	@$(BIN)/python -m pytest -m deep --numprocesses 2 --dist loadfile

bench: $(STAMP)  ## Measure what orgdns costs, one line of JSON for each figure
	@$(BIN)/python -m sandbox.bench

cost: $(STAMP)  ## Count what orgdns uses, and write the tables of docs/cost.md
	@$(BIN)/python -m sandbox.bench.price

mutants: $(STAMP)  ## Break the pure core in thousands of ways, and check that tests notice (about half an hour)
	@$(BIN)/python -m mutmut run
	@$(BIN)/python -m mutmut results
	@$(BIN)/python -m mutmut export-cicd-stats
	@$(BIN)/python -m tests.support.mutants

check: $(STAMP) $(STAMP_LINT)  ## Check format, lint, types, imports and templates
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python generate.py --config $(CONFIG) --check
	@$(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadfile tests/lint

format: $(STAMP)  ## Format the code, and fix what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

templates: $(STAMP)  ## Write templates/ from orgdns.example.yaml, or build/templates/NAME/ from another CONFIG
	@$(BIN)/python generate.py --config $(CONFIG)

deploy: $(STAMP)  ## Deploy CONFIG to AWS, after showing what would change and asking
	@$(BIN)/python -m orgdns.cli deploy --config $(CONFIG)

package: $(STAMP)  ## Build the Lambda package from CONFIG into build/
	@$(BIN)/python -m hub.package --config $(CONFIG)

lock: $(STAMP)  ## Lock the newest allowed versions of all requirements, with hashes
	@$(PYTHON) -m venv --clear $(VENV)-lock
	@$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/lock.txt
	@$(VENV)-lock/bin/uv $(LOCKING) --upgrade requirements/lock.in --output-file requirements/lock.txt
	@# dev.txt decides all versions; run.txt and locked.txt are subsets with the same pins. The wheel contains locked.txt, and
	@# pyproject.toml has its pins, which a test compares.
	@$(VENV)-lock/bin/uv $(LOCKING) --upgrade requirements/dev.in --output-file requirements/dev.txt
	@$(VENV)-lock/bin/uv $(LOCKING) requirements/run.in --constraint requirements/dev.txt --output-file requirements/run.txt
	@$(VENV)-lock/bin/uv $(LOCKING) --no-deps requirements/package.in --constraint requirements/dev.txt \
		--output-file hub/package/locked.txt
	@$(VENV)-lock/bin/uv $(LOCKING) --upgrade requirements/lint.in --output-file requirements/lint.txt
	@rm -rf $(VENV)-lock

clean:  ## Remove everything that make creates
	@rm -rf $(VENV) $(VENV_LINT) build mutants .sandbox .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
