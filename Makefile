# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `make help` lists what one can do. Every target sets up what it needs: a virtual environment in .venv, and, for the
# lab, Debian packages (requirements/apt.txt).

MAKEFLAGS += --no-print-directory
SHELL := /bin/bash

export PATH := $(CURDIR)/.venv/bin:$(PATH):/usr/sbin:/sbin
# Python's cache of compiled code: without it every start of every tool compiles anew.
unexport PYTHONDONTWRITEBYTECODE

CACHE := $(CURDIR)/.cache
TREE := $(CACHE)/tree
COLLECTION := $(TREE)/ansible_collections/aws_ha/overlay_ip
PYTEST := python -m pytest
LAB := PYTHONPATH=tests python -m lab

# The longest first, for the lanes of tools/gates.py; those joined by "+" share the exported tree.
LONGEST := playbooks failover
AREAS := $(LONGEST) lab respond awx faults node_part
AREAS += $(filter-out $(AREAS) __pycache__,$(notdir $(patsubst %/,%,$(wildcard tests/integration/*/))))
TESTS := $(LONGEST:%=integration-%) unit $(patsubst %,integration-%,$(filter-out $(LONGEST),$(AREAS))) conformance
LONG := sanity+ansible-lint+galaxy-importer+docs-lint
SHORT := mypy ruff shellcheck changelog-lint
GATES := $(LONG) $(SHORT)

.DEFAULT_GOAL := help
.PHONY: help setup root test tests lint integration $(TESTS) $(subst +, ,$(GATES)) demo lab-up lab-down bench drill \
  timing fleet long persistence upgrade world ill export clean

help:  ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- set-up ----------------------------------------------------------------------------------------------------------

setup: .venv/ready  ## make .venv with all tools, and install missing Debian packages
	@tools/apt-packages
	@tools/promtool

.venv/ready: $(addprefix requirements/,run.txt test.txt gates.txt eda.txt) $(addprefix tools/,awx-collection find-python set-up)
	@tools/set-up .venv $(CACHE)/awx

root:
	@test "$$(id -u)" = 0 || { echo "The lab makes network namespaces and needs root: run it as root, for example" \
	  "with sudo, in a virtual machine or a privileged container." >&2; exit 1; }

# --- everything ------------------------------------------------------------------------------------------------------

test: export TREES := bookworm bookworm-plain
test: root setup  ## all tests and all gates, with a summary
	@python tools/gates.py $(LONG) $(TESTS) $(SHORT)

tests: root setup  ## the tests alone
	@python tools/gates.py $(TESTS)

lint: setup  ## the gates alone
	@python tools/gates.py $(GATES)

# --- tests -----------------------------------------------------------------------------------------------------------

unit: setup  ## unit tests: pure cores, modules against recorded calls
	@$(PYTEST) tests/unit

conformance: setup  ## does the lab's endpoint behave as EC2, IAM and STS do?
	@$(PYTEST) tests/lab

integration: root setup  ## roles and playbooks on the lab: packets move
	@$(PYTEST) tests/integration

$(AREAS:%=integration-%): integration-%: root setup
	@$(PYTEST) tests/integration/$*

long: root setup  ## every case of every area, also those that make test leaves out
	@$(PYTEST) tests/integration -m "long or not long"

persistence: root setup  ## the long matrix: network stacks against reboots and reloads, on full nodes
	@$(PYTEST) tests/persistence

upgrade: root setup  ## the long matrix: pairs of every earlier version, upgraded under load, with every engine
	@$(PYTEST) tests/upgrade

world: root setup  ## the long matrix: what changes under a running pair, with every engine; writes docs/world.md
	@$(PYTEST) tests/world
	@PYTHONPATH=tests python -m world

ill: root setup  ## the long table: every command of the node's program on an ill node; writes docs/ill.md
	@PYTHONPATH=tests python -m ill
	@ILL=1 $(PYTEST) tests/integration/faults/test_unavailable.py

# --- gates -----------------------------------------------------------------------------------------------------------

ruff: setup  ## style and format of Python
	@ruff check . && ruff format --check .

mypy: setup  ## types
	@mypy collections/ansible_collections/aws_ha/overlay_ip/plugins tests tools/*.py

shellcheck: setup  ## our shell scripts
	@git grep --untracked -lE '^#! */(usr/)?bin/(env )?(ba|da)?sh' -- ':!*.j2' ':!*.py' ':!*.md' | xargs shellcheck
	@echo "shellcheck: nothing found"

export: setup
	@tools/export $(TREE)

# Of what is shipped: the tests, which are not, are ruff's and mypy's.
sanity: export  ## ansible-test sanity, of the newest ansible-core
	@.venv/newest/bin/python tools/sanity.py $(COLLECTION) $(CACHE)/sanity --exclude tests/

ansible-lint: export  ## ansible-lint, profile production
	@cd $(COLLECTION) && ANSIBLE_HOME=$(CACHE)/ansible-lint ANSIBLE_COLLECTIONS_PATH=$(TREE) ansible-lint --nocolor

galaxy-importer: export  ## the checks of Galaxy and Automation Hub
	@python tools/importer.py $(COLLECTION) $(CACHE)/importer

docs-lint: export  ## documentation of modules, roles and plugins
	@cd $(COLLECTION) && ANSIBLE_HOME=$(CACHE)/docs-lint ANSIBLE_COLLECTIONS_PATH=$(TREE) antsibull-docs \
	  lint-collection-docs --plugin-docs --validate-collection-refs=all --disallow-unknown-collection-refs .
	@echo "antsibull-docs: nothing found"

changelog-lint: setup  ## changelog and its fragments
	@antsibull-changelog lint
	@antsibull-changelog lint-changelog-yaml --no-semantic-versioning changelogs/changelog.yaml
	@echo "antsibull-changelog: nothing found"

# --- the lab ---------------------------------------------------------------------------------------------------------

demo: root setup  ## a VPC in the lab: setup, a switchover under load, status; all gone again
	@$(LAB) demo

lab-up: root setup  ## start a lab to play with; it says what to type next
	@$(LAB) up

lab-down: root setup  ## remove the labs that lab-up made; those of running tests stay
	@$(LAB) down --kept

bench: root setup  ## measure beside the peers, 50 minutes; writes docs/ (QUICK=1: some minutes, LONG=1: some hours)
	@PYTHONPATH=tests python -m bench $(if $(QUICK),--quick) $(if $(LONG),--limit 7200)

fleet: setup  ## whole fleets that fail over at once, simulated, 15 minutes; writes docs/
	@PYTHONPATH=tests python -m fleet

drill: root setup  ## failover drills with keepalived and Pacemaker; writes docs/
	@PYTHONPATH=tests python -m drill

timing: root setup  ## what each interval of the engines is worth, an hour, may be interrupted; writes docs/
	@PYTHONPATH=tests python -m drill --timing --seconds 7200

clean:  ## remove what the targets above made in this folder
	@rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis tests/output
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
