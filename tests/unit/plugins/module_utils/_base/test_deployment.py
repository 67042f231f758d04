# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deployment's things are called, and which names it may have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from jinja2 import Environment, StrictUndefined

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base import deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived import names as keepalived
from unit.inventory import read

ROLES = Path(__file__).parents[5] / "roles"


def test_the_usual_one_s_things_are_called_as_ever() -> None:
    usual = Deployment()
    assert (usual.program, usual.launcher, usual.home, usual.config, usual.memory) == (
        "aws-overlay-ip",
        "/usr/sbin/aws-overlay-ip",
        "/usr/lib/aws-overlay-ip",
        "/etc/aws-overlay-ip/config.json",
        ("/run/aws-overlay-ip", "/dev/shm/aws-overlay-ip"),
    )
    assert (keepalived.unit(usual), keepalived.conf(usual)) == (
        "keepalived.service",
        "/etc/keepalived/keepalived.conf",
    )
    assert usual.resources == "overlay-ip-"


def test_another_one_has_its_name_in_all_of_them() -> None:
    sap = Deployment("sap")
    assert {sap.program, Path(sap.launcher).name, Path(sap.home).name, Path(sap.config).parent.name} == {
        "aws-overlay-ip-sap"
    }
    assert sap.memory == ("/run/aws-overlay-ip-sap", "/dev/shm/aws-overlay-ip-sap")
    assert (keepalived.unit(sap), keepalived.conf(sap)) == (
        "keepalived-sap.service",
        "/etc/keepalived/keepalived-sap.conf",
    )
    assert sap.resources == "sap-overlay-ip-"


@pytest.mark.parametrize(
    "name", ["", "x", "Sap", "1a", "a b", "a/b", "../a", "a_b", "overlay-ip-2", "my-overlay-ip", "a" * 25, "a-"]
)
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="is no name of a deployment: write 2 to 24 small letters"):
        Deployment(name)


@pytest.mark.parametrize("name", ["overlay-ip", "ab", "sap-prd", "a1-2-3", "a" * 24])
def test_its_configuration_file_tells_its_name(name: str) -> None:
    one = Deployment(name)
    assert deployment.of_config(one.config) == one
    assert re.fullmatch(deployment.CONFIGS.replace("*", ".*"), one.config)


@pytest.mark.parametrize(
    "path", ["/etc/aws-overlay-ip-/config.json", "/etc/aws-overlay-ipx/config.json", "/etc/x/config.json"]
)
def test_another_file_tells_none(path: str) -> None:
    assert deployment.of_config(path) is None


@pytest.mark.parametrize("name", ["overlay-ip", "sap"])
def test_the_roles_call_things_as_the_program_does(name: str) -> None:
    one = Deployment(name)
    model = read(overlay_ip_name=name)
    assert (model["deployment"], model["program"]) == (name, one.program)

    def said(role: str, variable: str, **known: str) -> str:
        values = yaml.safe_load((ROLES / role / "vars/main.yml").read_text())
        template = Environment(undefined=StrictUndefined).from_string(values[variable])
        return template.render(overlay_ip_model=model, **known)

    unit = said("keepalived", "keepalived_unit")

    assert f"{unit}.service" == keepalived.unit(one)
    assert said("keepalived", "keepalived_conf", keepalived_unit=unit) == keepalived.conf(one)
    assert said("keepalived", "keepalived_program") == one.launcher
    assert said("pacemaker", "pacemaker_prefix") == one.resources
