# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ``ansible-test sanity`` on an exported collection, also where only a package index can be reached.

ansible-test makes a virtual environment per Python and per test. Two of its habits are mended here:

* It bootstraps pip with a script from ansible-test's own download server. A script of the same name in its cache is
  taken instead, and ours unpacks pip's wheel.
* It takes every ``pythonX.Y`` on PATH for a Python. A pyenv shim of a version that is not switched on ends in exit
  status 127, so PATH holds links to Pythons that were seen to run.

Usage: ``tools/sanity.py COLLECTION_DIR STATE_DIR [argument of ansible-test sanity ...]``
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

PYTHONS = [f"3.{minor}" for minor in range(8, 16)]

# What pip says while it fills the environments of a first run; it is kept in the log only.
INSTALLING = re.compile(
    r"\s|$|Collecting |Downloading |Installing |Successfully |Using cached |Requirement |Create |Bootstrap"
)

# A wheel is a zip file that unpacks into site-packages (PEP 427), and one download does for all environments.
PIP_BOOTSTRAP = """\
import pathlib, subprocess, sys, sysconfig, zipfile
wheels = pathlib.Path({wheels!r})
for package in [argument for argument in sys.argv[1:] if "==" in argument]:
    pattern = package.replace("==", "-") + "-*.whl"
    if not list(wheels.glob(pattern)):
        pip = [{python!r}, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"]
        subprocess.check_call([*pip, "--dest", str(wheels), package])
    (wheel,) = wheels.glob(pattern)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(sysconfig.get_path("purelib"))
"""


def pip_bootstrap_names() -> set[str]:
    """Return the file names that the installed ansible-test looks for, such as ``get_pip_25_2.py``."""
    found = importlib.util.find_spec("ansible_test")
    if found is None or not found.submodule_search_locations:
        sys.exit("ansible-test is not installed beside this Python: install ansible-core.")
    source = Path(found.submodule_search_locations[0]) / "_internal" / "python_requirements.py"
    text = source.read_text(encoding="utf-8")
    versions = set(re.findall(r"""['"](\d+\.\d+(?:\.\d+)?)['"]""", text))
    return {f"get_pip_{version.replace('.', '_')}.py" for version in versions}


def real_python(version: str, path: list[str]) -> str | None:
    """Return a Python of this version that runs and can make virtual environments, searched along ``path``."""
    probe = f"import ensurepip, sys, venv; assert '%d.%d' % sys.version_info[:2] == '{version}'; print(sys.executable)"
    for folder in path:
        candidate = Path(folder) / f"python{version}"
        if candidate.is_file() and os.access(candidate, os.X_OK):
            found = subprocess.run([candidate, "-c", probe], capture_output=True, text=True, check=False)
            if found.returncode == 0:
                return found.stdout.strip()
    return None


def search_path() -> list[str]:
    """Return the folders of PATH, and those of pyenv's versions, which its shims may hide."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return [*os.environ["PATH"].split(os.pathsep), *map(str, sorted(pyenv.glob("3.*/bin"), reverse=True))]


def main(collection: Path, state: Path, arguments: list[str]) -> int:
    """Prepare ``state`` (pip bootstrap, links to Pythons) and run ansible-test; return its exit status."""
    home, wheels, links = state / "home", state / "wheels", state / "bin"
    cache = home / ".ansible/test/cache"
    for folder in (cache, wheels, links):
        folder.mkdir(parents=True, exist_ok=True)
    bootstrap = PIP_BOOTSTRAP.format(wheels=str(wheels), python=sys.executable)
    for name in pip_bootstrap_names():
        (cache / name).write_text(bootstrap, encoding="utf-8")

    venv = Path(sys.executable).parent  # not resolved: ansible-test and its ansible-core are in this environment
    found = [str(venv)]
    for version in PYTHONS:
        link = links / f"python{version}"
        link.unlink(missing_ok=True)
        python = real_python(version, [*found, *search_path()])
        if python:
            link.symlink_to(python)
    versions = " ".join(sorted((link.name for link in links.iterdir()), key=lambda name: int(name.rpartition(".")[2])))
    print(f"Pythons found: {versions}", flush=True)

    system = [folder for folder in os.environ["PATH"].split(os.pathsep) if ".pyenv" not in folder]
    environment = {
        **os.environ,
        "HOME": str(home),  # ansible-test keeps its environments there, away from the user's
        "PATH": os.pathsep.join([str(venv), str(links), *system]),
    }
    command = [str(venv / "ansible-test"), "sanity", "--color", "no", *arguments]
    log = state / "log"
    with (
        log.open("w", encoding="utf-8") as everything,
        subprocess.Popen(
            command,
            cwd=collection,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as test,
    ):
        for line in test.stdout or ():
            everything.write(line)
            if not INSTALLING.match(line):
                print(line, end="", flush=True)
    print(f"The whole output: {log}")
    return test.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), sys.argv[3:]))
