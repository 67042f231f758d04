# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source/destination check, power cuts and partitions, as one nftables table in the router's namespace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address

from lab.endpoint.snapshot import InboundSnap
from lab.fabric.program import Program

#: A machine must be the source or the destination of what it sends or receives, unless the check is off on that
#: interface (EC2 user guide, "Source/destination checking"). The unspecified and link-local sources are DHCP and IPv6's
#: neighbour discovery, which end in the router.
BASE = """\
table inet vpc {
  set checked { type ifname; }
  set owned4 { type ifname . ipv4_addr; }
  set owned6 { type ifname . ipv6_addr; }
  set cut { type ifname; }
  set severed { type ifname . ifname; }
  counter foreign_source { }
  counter foreign_destination { }
  chain arriving {
    type filter hook prerouting priority -300; policy accept;
    iifname @cut drop
    iifname @checked ip saddr != 0.0.0.0 iifname . ip saddr != @owned4 counter name foreign_source drop
    iifname @checked ip6 saddr != { ::, fe80::/10 } iifname . ip6 saddr != @owned6 counter name foreign_source drop
  }
  chain passing {
    type filter hook forward priority 0; policy accept;
    iifname . oifname @severed drop
    oifname @checked oifname . ip daddr != @owned4 counter name foreign_destination drop
    oifname @checked oifname . ip6 daddr != @owned6 counter name foreign_destination drop
  }
  chain leaving {
    type filter hook postrouting priority 300; policy accept;
    oifname @cut drop
  }
}
"""


#: Connection tracking of an interface (EC2 user guide, "Security group connection tracking"): what belongs to no
#: connection that is remembered is dropped without a word. Only where it was set, since it costs every packet
#: something.
_TRACKING = """\
table inet tracking {{
  set tracked {{ type ifname; elements = {{ {ports} }} }}
  chain passing {{
    type filter hook forward priority 1; policy accept;
    oifname @tracked ct state invalid drop
    iifname @tracked ct state invalid drop
  }}
}}
"""


def tracking_script(ports: Iterable[str]) -> str:
    """Let these ports pass only what belongs to a connection, or begins one."""
    listed = ", ".join(f'"{port}"' for port in sorted(ports))
    begun = "table inet tracking { }\ndelete table inet tracking\n"  # also where it is not there
    return begun + (_TRACKING.format(ports=listed) if listed else "")


#: Inbound rules of security groups (EC2 user guide, "Security group rules"): whoever is answered may send on.
_GROUPS = """\
table inet groups {{
  chain passing {{
    type filter hook forward priority 2; policy accept;
    ct state established,related accept
{rules}
  }}
}}
"""


def groups_script(ports: Mapping[str, Sequence[InboundSnap]]) -> str:
    """Let in at each port what its rules allow, over IPv4, and nothing else."""
    rules = []
    for port, inbound in sorted(ports.items()):
        for rule in inbound:
            what = "" if rule.protocol == "-1" else f" ip protocol {rule.protocol}"
            if rule.protocol in ("tcp", "udp"):
                what = f" {rule.protocol} dport {rule.low}-{rule.high}"
            rules.append(f'    oifname "{port}" ip saddr {rule.peer}{what} accept')
        rules.append(f'    oifname "{port}" drop')
    begun = "table inet groups { }\ndelete table inet groups\n"  # also where it is not there
    return begun + (_GROUPS.format(rules="\n".join(rules)) if ports else "")


def check_script(program: Program) -> str:
    """Set who is checked and who owns what, in one transaction."""
    owned: dict[int, list[str]] = {4: [], 6: []}
    for port, address in sorted(program.owned):
        owned[ip_address(address).version].append(f'"{port}" . {address}')
    return (
        _fill("checked", (f'"{port}"' for port in sorted(program.checked)))
        + _fill("owned4", owned[4])
        + _fill("owned6", owned[6])
    )


def cut_script(ports: Iterable[str]) -> str:
    """Let nothing through from or to these ports, and everything through the others."""
    return _fill("cut", (f'"{port}"' for port in sorted(ports)))


def severed_script(pairs: Iterable[tuple[str, str]]) -> str:
    """Let nothing through between the two ports of each pair; all else still works, as in a network partition."""
    both_ways = sorted({pair for a, b in pairs for pair in ((a, b), (b, a))})
    return _fill("severed", (f'"{a}" . "{b}"' for a, b in both_ways))


def _fill(name: str, elements: Iterable[str]) -> str:
    listed = ", ".join(elements)
    added = f"add element inet vpc {name} {{ {listed} }}\n" if listed else ""
    return f"flush set inet vpc {name}\n{added}"
