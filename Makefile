# `make lab` and `make test` work from a bare clone; each is safe to repeat and quick the second time.
# Another interpreter: make lab PYTHON=/path/to/python3.12
PYTHON ?= python3.11 python3.12 python3.13 python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
FAILED = { echo "make: the packages could not be installed. Is there a network? Is there room on the \
disk: 2 GB, or 10 GB with PyTorch's GPU libraries (README.md, at its end)? Then run make again." >&2; exit 1; }

ifeq ($(origin PYTHON) $(MAKELEVEL),command line 0)
ifneq ($(wildcard .venv/bin/python),)
ifeq ($(filter clean,$(MAKECMDGOALS)),)
$(info note: .venv is there, with $(shell $(BIN)/python -V), and stays; for another: make clean lab PYTHON=$(PYTHON))
endif
endif
endif

.PHONY: lab test notebooks matrix constraints binder-link clean

lab: .venv/lab.stamp  ## Install, get the data, open JupyterLab on lesson 00
	@$(BIN)/course --help >/dev/null 2>&1; test $$? -lt 126 || { echo "make: the folder was moved \
	since the course was installed. Run: make clean lab" >&2; exit 1; }
	@$(BIN)/python -c 'import sys; from course_lib.environment import check_packages; \
	    sys.exit(any(check_packages()))' 2>/dev/null \
	    || { rm -f .venv/lab.stamp; $(MAKE) --no-print-directory .venv/lab.stamp; }
	@$(BIN)/course data
	@$(BIN)/jupyter trust notebooks/*.ipynb >/dev/null
	@$(BIN)/course lab

test: .venv/test.stamp  ## Everything that CI runs
	@$(BIN)/course data
	$(BIN)/python -m pytest -n 2

notebooks: .venv/test.stamp  ## Run every lesson and solution again and store the outputs
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace \
	    --ExecutePreprocessor.record_timing=False \
	    notebooks/*.ipynb solutions/*/*.ipynb
	$(BIN)/jupyter nbconvert --to notebook --coalesce-streams --inplace \
	    notebooks/*.ipynb solutions/*/*.ipynb

matrix: .venv/test.stamp  ## Write the table of what the grading caught
	$(BIN)/python -m tests.exercises.matrix

constraints: .venv/test.stamp  ## Write the installed versions to constraints.txt
	@{ head -1 constraints.txt; $(BIN)/python -m pip freeze --all --exclude-editable \
	    | sed 's/+cpu//' | sort -f; } > constraints.new && mv constraints.new constraints.txt

binder-link:  ## Print the address that opens this repository on mybinder.org
	@sh binder/link

clean:  ## Remove the environment; the data cache stays
	rm -rf .venv

.venv/lab.stamp: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing the course into .venv (a few minutes the first time)"
	@$(INSTALL) --upgrade pip && $(INSTALL) --editable '.[grading]' || $(FAILED)
	@touch $@

.venv/test.stamp: .venv/lab.stamp
	@echo "Installing what the tests need"
	@$(INSTALL) --editable '.[grading,test]' || $(FAILED)
	@touch $@

.venv/bin/python:
	@for python in $(PYTHON); do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    "$$python" -m venv .venv && exit 0; \
	    rm -rf .venv; \
	    echo "make: $$python cannot make an environment; on Debian and Ubuntu: apt install python3-venv" >&2; \
	    exit 1; \
	done; \
	echo "make: the course needs Python 3.11 or newer, and none of '$(PYTHON)' is one;" \
	    "install it, or say where it is: make lab PYTHON=/path/to/python3.11" >&2; exit 1
