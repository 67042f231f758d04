# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the readers of our files make of them, where the reader is a format that can be read here too.

For the stacks that no test machine can run (wicked, network-scripts), this is the proof; the others run for real in
tests/persistence.
"""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist import store
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.store import Owner, Tree
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Overlay, Way
from unit.fake_host import FakeHost

WICKED = "/etc/sysconfig/network/ifcfg-eth0"
OVERLAYS = (
    Overlay("192.168.10.15", 32, "eth0", "eth0:1"),
    Overlay("192.168.10.16", 32, "eth0", "eth0:sap_DB_2"),
    Overlay("2001:db8:10::15", 128, "eth0"),
)


def written(method: str, source: str = "", files: dict[str, str] | None = None) -> dict[str, str]:
    """The texts of all files that hold the overlays."""
    host = FakeHost(files)
    tree = Tree(host)
    for overlay in OVERLAYS:
        store.save(tree, overlay, Owner(method, source, "test"))
    return {change.path: change.after or "" for change in tree.changes()}


def sourced(text: str, tmp_path: Path) -> dict[str, str]:
    """The variables that a shell has after reading the file: ifcfg files are read so (ifcfg(5))."""
    (tmp_path / "ifcfg").write_text(text)
    script = f"unset IFS; . {shlex.quote(str(tmp_path / 'ifcfg'))}; set"  # IFS would be shown on two lines
    done = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True, env={})
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    return {name: "".join(shlex.split(value)) for name, _sign, value in pairs}


def test_wicked_reads_addresses_and_labels_by_their_suffix(tmp_path: Path) -> None:
    """ifcfg(5) of wicked: IPADDR_suffix with a prefix length, LABEL_suffix without the interface's name."""
    text = written("wicked", WICKED, {WICKED: "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n"})[WICKED]
    seen = sourced(text, tmp_path)
    assert (seen["BOOTPROTO"], seen["STARTMODE"]) == ("dhcp", "auto")
    by_suffix = {
        name.removeprefix("IPADDR"): (value, seen.get(name.replace("IPADDR", "LABEL")))
        for name, value in seen.items()
        if name.startswith("IPADDR")
    }
    # An IPv6 address has no label, and options in its place.
    assert sorted(by_suffix.values(), key=str) == [
        ("192.168.10.15/32", "1"),
        ("192.168.10.16/32", "sap_DB_2"),
        ("2001:db8:10::15/128", None),
    ]
    assert seen["IP_OPTIONS_awsoverlay_2001_db8_10__15"] == "preferred_lft 0 nodad"
    assert all(re.fullmatch(r"_[A-Za-z0-9_]+", suffix) for suffix in by_suffix)


def test_network_scripts_read_an_alias_by_its_file_name(tmp_path: Path) -> None:
    """sysconfig.txt of initscripts: ifcfg-PARENT:ALIAS with DEVICE of that name, brought up with its parent."""
    texts = written("ifcfg")
    aliases = {path: sourced(text, tmp_path) for path, text in texts.items() if "ifcfg-" in path}
    assert sorted(aliases) == [
        "/etc/sysconfig/network-scripts/ifcfg-eth0:1",
        "/etc/sysconfig/network-scripts/ifcfg-eth0:sap_DB_2",
    ]
    for path, seen in aliases.items():
        assert seen["DEVICE"] == path.rpartition("ifcfg-")[2]
        assert (seen["PREFIX"], seen["ONPARENT"]) == ("32", "yes")
    assert {seen["IPADDR"] for seen in aliases.values()} == {"192.168.10.15", "192.168.10.16"}


def test_dhclient_script_runs_a_function_that_is_named_as_its_file(tmp_path: Path) -> None:
    """dhclient-script of RHEL sources each script of dhclient.d and calls FILE_config and FILE_restore."""
    hooks = {path: text for path, text in written("ifcfg").items() if "dhclient.d" in path}
    assert len(hooks) == 2
    for path, text in hooks.items():
        name = Path(path).stem
        hook = tmp_path / Path(path).name
        hook.write_text(text.replace("/sbin/ip ", "echo ip "))
        for interface, said in (
            ("eth0", r"ip address replace 192\.168\.10\.1[56]/32 dev eth0 label eth0:\w+\n"),
            ("eth1", ""),
        ):
            script = f"set -e; interface={interface}; . {shlex.quote(str(hook))}; {name}_config; {name}_restore"
            done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
            assert re.fullmatch(said, done.stdout)


@pytest.mark.parametrize("method", ["networkmanager", "systemd_unit"])
def test_shell_code_is_shell_code(method: str) -> None:
    for text in written(method).values():
        script = text
        if method == "systemd_unit":
            start = re.search(r"^ExecStartPre=/bin/sh -c '(.*)'$", text, re.MULTILINE)
            if start is None:
                continue  # the link that enables the unit
            script = start[1].replace("$$", "$")
        subprocess.run(["sh", "-n"], input=script, text=True, check=True, capture_output=True)


def test_units_and_drop_ins_are_key_files() -> None:
    for method, source in (("systemd_unit", ""), ("networkd", "/run/systemd/network/70-ens5.network")):
        for path, text in written(method, source).items():
            if not path.endswith((".service", ".conf")) or ".wants/" in path:
                continue
            parser = configparser.ConfigParser(interpolation=None, strict=True)
            parser.optionxform = str  # type: ignore[assignment, method-assign]
            parser.read_string(text)
            assert parser.sections() == (["Address"] if method == "networkd" else ["Unit", "Service", "Install"])


def test_ifupdown_reads_only_names_of_letters_digits_and_hyphens() -> None:
    """interfaces(5), source-directory."""
    for path, text in written("ifupdown").items():
        assert re.fullmatch(r"[A-Za-z0-9_-]+", path.rpartition("/")[2])
        stanza, up = (line for line in text.splitlines() if not line.startswith("#"))
        assert re.fullmatch(r"iface eth0 inet6? manual", stanza)
        assert up.startswith("    up /sbin/ip address replace ")


STEERED = (
    Overlay("192.168.10.15", 32, "eth1", "eth1:1", Way(7151, "10.0.2.1")),
    Overlay("2001:db8:10::15", 128, "eth1", "", Way(10001, "fe80::1", ours=False)),
)
ROUTE = "/sbin/ip -4 route replace default via 10.0.2.1 dev eth1 onlink table 7151"
RULE = "/sbin/ip -4 rule add from 192.168.10.15 lookup 7151 priority 7150"
RULE6 = "/sbin/ip -6 rule add from 2001:db8:10::15 lookup 10001 priority 7150"
QUIETLY = " 2>/dev/null || true"
V4_UP = "/sbin/ip address replace 192.168.10.15/32 dev eth1 label eth1:1"
V6_UP = "/sbin/ip address replace 2001:db8:10::15/128 dev eth1 valid_lft forever preferred_lft 0 nodad"
IN_FILES = {
    "networkd": (
        "[Address]\nAddress=192.168.10.15/32\nLabel=eth1:1\n\n[Route]\nGateway=10.0.2.1\nGatewayOnLink=yes\n"
        "Table=7151\n\n[RoutingPolicyRule]\nFrom=192.168.10.15/32\nTable=7151\nPriority=7150\n",
        "[Address]\nAddress=2001:db8:10::15/128\nPreferredLifetime=0\nDuplicateAddressDetection=none\n\n"
        "[RoutingPolicyRule]\nFrom=2001:db8:10::15/128\nTable=10001\nPriority=7150\n",
    ),
    "networkmanager": (
        f"    up|reapply|dhcp4-change|dhcp6-change) {V4_UP}; {ROUTE}{QUIETLY}; {RULE}{QUIETLY} ;;\n",
        f"    up|reapply|dhcp4-change|dhcp6-change) {V6_UP}; {RULE6}{QUIETLY} ;;\n",
    ),
    "ifupdown": (
        f"    up {V4_UP}\n    up {ROUTE}{QUIETLY}\n    up {RULE}{QUIETLY}\n",
        f"    up {V6_UP}\n    up {RULE6}{QUIETLY}\n",
    ),
    "systemd_unit": (
        f"ExecStart={V4_UP}\nExecStart=-{ROUTE}\nExecStart=-{RULE}\n",
        f"ExecStart={V6_UP}\nExecStart=-{RULE6}\n",
    ),
}
IN_FILES["wicked"] = IN_FILES["ifcfg"] = IN_FILES["systemd_unit"]  # their files of addresses hold no rules


@pytest.mark.parametrize("method", IN_FILES)
@pytest.mark.parametrize("number", [0, 1])
def test_how_replies_leave_is_in_the_file_of_the_address(method: str, number: int) -> None:
    host = FakeHost({WICKED: ""})
    tree = Tree(host)
    overlay = STEERED[number]
    store.save(tree, overlay, Owner(method, WICKED if method == "wicked" else "/run/10-eth1.network", "test"))
    (text,) = (c.after for c in tree.changes() if c.after and not c.after.startswith("->"))
    assert IN_FILES[method][number] in text
    assert [saved for _method, _path, saved in store.saved(tree)] == [overlay]
    store.erase(tree, overlay.address)
    assert tree.changes() == []
