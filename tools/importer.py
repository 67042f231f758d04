# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection's archive and judge it with galaxy-importer, as Galaxy and Automation Hub do on an upload.

galaxy-importer ends with status 0 whatever its linters find, so every line that it logs as WARNING or ERROR fails
the gate here.

Usage: ``tools/importer.py COLLECTION_DIR STATE_DIR``
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# flake8 stays off, as by default: galaxy-importer calls it with checks that contradict each other (W503, W504) and
# the formatter (E203). ruff judges style. ansible-test, which would need a container engine, and ansible-lint, which
# would judge the same files with the same profile, are gates of their own.
CONFIG = """\
[galaxy-importer]
CHECK_REQUIRED_TAGS = True
REQUIRE_V1_OR_GREATER = True
RUN_ANSIBLE_DOC = True
RUN_ANSIBLE_LINT = False
RUN_ANSIBLE_TEST = False
RUN_FLAKE8 = False
"""
FINDING = re.compile(r"^(WARNING|ERROR)", re.MULTILINE)


def run(command: list[str], cwd: Path, environment: dict[str, str]) -> str:
    """Run a command, print and return its output (both streams); exit when it fails."""
    done = subprocess.run(
        command, cwd=cwd, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    print(done.stdout, flush=True)
    if done.returncode:
        sys.exit(f"{command[0]} failed with status {done.returncode}")
    return done.stdout


def main(collection: Path, state: Path) -> int:
    """Return 0 when galaxy-importer has nothing to say against the archive."""
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    config = state / "galaxy-importer.cfg"
    config.write_text(CONFIG, encoding="utf-8")
    programs = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "HOME": str(state),
        "GALAXY_IMPORTER_CONFIG": str(config),
    }
    run(["ansible-galaxy", "collection", "build", "--output-path", str(state), str(collection)], state, environment)
    (archive,) = state.glob("*.tar.gz")
    report = run([sys.executable, "-m", "galaxy_importer.main", archive.name], state, environment)
    findings = len(FINDING.findall(report))
    print(f"galaxy-importer: {findings} WARNING or ERROR lines")
    return 1 if findings or "Importer processing completed successfully" not in report else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
