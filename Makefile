# Needs git, make and Python 3.11 or newer; everything else goes into .venv.
# Another Python: make test PYTHON=python3.12

.DEFAULT_GOAL := help
.PHONY: help demo test check conformance golden bench bench-compare soak docs clean FORCE

VENV := .venv
ifeq ($(origin PYTHON),undefined)
PYTHON := $(or $(wildcard $(shell sed -n 's/^executable = //p' $(VENV)/pyvenv.cfg 2>/dev/null)),python3)
else
PYTHON_WANTED := yes
endif

WORKERS := 2
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_VENV := .venv-bench
CONFORMANCE_VENV := .venv-conformance
EXAMPLES := order_desk support_ticket document_approval portfolio_rebalancing trading_day order_service order_reminders
PROGRAMS := $(EXAMPLES:%=examples/%/app.py) scripts/demo.py
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  make %-13s %s\n' "$$name" "$$text"; done

demo: $(READY) ## Compile the examples, type-check them, run two: what this is about, in a minute
	@$(BIN)/python scripts/demo.py

test: $(READY) ## Run all tests
	$(PYTEST)

check: $(READY) ## Lint, check formatting and types, and that the examples are up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy $(PROGRAMS)
	$(BIN)/pyright generator runtime $(PROGRAMS)
	@for example in $(EXAMPLES); do \
		echo "$(BIN)/pystator-gen --check examples/$$example -o examples/$$example/fsm"; \
		$(BIN)/pystator-gen --check examples/$$example -o examples/$$example/fsm || exit 1; done

conformance: $(CONFORMANCE_VENV)/.ready ## Compare with the interpreter whose format this is
	$(CONFORMANCE_VENV)/bin/python -m pytest -n $(WORKERS) conformance

golden: $(READY) ## Rewrite everything that tests compare with: look at the diff before you commit it
	$(BIN)/python tests/golden/update.py
	@for example in $(EXAMPLES); do \
		$(BIN)/pystator-gen --prune examples/$$example -o examples/$$example/fsm \
		&& $(BIN)/python -m examples.$$example.app > tests/examples/expected/$$example.txt || exit 1; done

soak: $(READY) ## Run the same tests with large budgets; takes long
	PYSTATOR_SOAK=1 PYTEST_TIMEOUT=0 PYTHONPATH=scripts $(PYTEST) -p soak

bench: $(BENCH_VENV)/.ready ## Measure, beside other libraries; what is measured is the new baseline
	$(BENCH_VENV)/bin/python bench/run.py --json bench/baseline.json

bench-compare: $(BENCH_VENV)/.ready ## Measure, and say what has changed since the baseline
	$(BENCH_VENV)/bin/python bench/run.py --compare bench/baseline.json

docs: $(VENV)/.ready-docs ## Build the documentation into site/
	$(BIN)/mkdocs build --strict

clean: ## Delete the environments and everything that can be made again
	rm -rf $(VENV) $(BENCH_VENV) $(CONFORMANCE_VENV) site build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment is made once, and made again when what it holds, or the Python that is asked for, changes.
$(READY): pyproject.toml runtime/pyproject.toml
	@$(call environment,$(VENV),test)

$(VENV)/.ready-docs: $(READY)
	@echo "Installing what the documentation needs ..."
	@$(BIN)/python -m pip install --quiet --group docs
	@touch $@

$(BENCH_VENV)/.ready: pyproject.toml runtime/pyproject.toml
	@$(call environment,$(BENCH_VENV),bench)

$(CONFORMANCE_VENV)/.ready: pyproject.toml runtime/pyproject.toml
	@$(call environment,$(CONFORMANCE_VENV),conformance)

# $(call environment,folder,group): the pip that comes with Python 3.11 does not know groups.
define environment
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ...' >&2; exit 1; }; \
	echo "Making $(1) with $$($(PYTHON) --version) ..." \
	&& $(PYTHON) -m venv --clear $(1) \
	&& echo '*' > $(1)/.gitignore \
	&& $(1)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' \
	&& $(1)/bin/python -m pip install --quiet -e . -e runtime --group $(2) \
	&& $(1)/bin/python -c '$(VERSION)' > $(1)/.ready
endef
VERSION := import sys; print("%d.%d.%d" % sys.version_info[:3])

# Without PYTHON, an environment stays with the Python that it has.
ifdef PYTHON_WANTED
ifneq ($(shell $(PYTHON) -c '$(VERSION)'),$(shell cat $(READY) 2>/dev/null))
$(READY): FORCE
endif
ifneq ($(shell $(PYTHON) -c '$(VERSION)'),$(shell cat $(BENCH_VENV)/.ready 2>/dev/null))
$(BENCH_VENV)/.ready: FORCE
endif
ifneq ($(shell $(PYTHON) -c '$(VERSION)'),$(shell cat $(CONFORMANCE_VENV)/.ready 2>/dev/null))
$(CONFORMANCE_VENV)/.ready: FORCE
endif
endif
