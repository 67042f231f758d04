# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab says to a person."""

from __future__ import annotations

from typing import Any

from lab.daemon.api import client
from lab.daemon.state import Directory, Lab
from lab.probe.session import who_answers


def next_steps(directory: Directory, lab: Lab) -> list[str]:
    """What is there, and what to type next."""
    inventory = directory.inventory
    return [
        f"Lab {lab.lab_id} is up: {', '.join(machine.name for machine in lab.machines)} in {lab.world.vpc_id}, and an"
        f" EC2, IAM and STS endpoint at {lab.world.endpoint_url}.",
        "",
        "Set the overlay IP up, look at it, move it:",
        f"    ansible-playbook -i {inventory} setup.yml",
        f"    ansible-playbook -i {inventory} status.yml",
        f"    ansible-playbook -i {inventory} switchover.yml -e target={lab.machines[1].name}",
        "",
        f"Watch who answers at {lab.overlay}, a thousand times a second, in another terminal:",
        "    PYTHONPATH=tests .venv/bin/python -m lab probe",
        "",
        "Break something (python -m lab --help has it all), log in, and remove everything:",
        f"    PYTHONPATH=tests .venv/bin/python -m lab crash {lab.machines[0].name}",
        f"    PYTHONPATH=tests .venv/bin/python -m lab ssh {lab.machines[0].name}",
        "    make lab-down",
    ]


def status_lines(directory: Directory, lab: Lab) -> list[str]:
    """Machines, the overlay IP's routes, and who really answers."""
    world = lab.world
    owner = client(world, "ec2", world.owner_admin)
    states = _states(client(world, "ec2", world.admin))
    lines = [f"Lab {lab.lab_id}: {world.vpc_id} in {world.region}, endpoint {world.endpoint_url}, {directory.path}"]
    for machine in lab.machines:
        zone = world.machine(machine.name).availability_zone
        state = states.get(machine.instance_id, "gone")
        lines.append(f"  {machine.name:<10} {machine.instance_id}  {state:<10} {machine.address:<12} {zone}")
    names = {
        interface_id: instance.name for instance in world.machines for interface_id in instance.network_interface_ids
    }
    tables = owner.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [world.vpc_id]}])["RouteTables"]
    lines.append(f"Overlay IP {lab.overlay}: {who_answers(lab.machines[-1].netns, lab.overlay) or 'nobody'} answers")
    for table in tables:
        route = _route(table, f"{lab.overlay}/32")
        holder = names.get(route.get("NetworkInterfaceId", ""), "somebody else") if route else "no route"
        lines.append(f"  {table['RouteTableId']}  {holder}{' (' + route['State'] + ')' if route else ''}")
    return lines


def _states(ec2: Any) -> dict[str, str]:
    reservations = ec2.describe_instances()["Reservations"]
    return {i["InstanceId"]: i["State"]["Name"] for r in reservations for i in r["Instances"]}


def _route(table: dict[str, Any], destination: str) -> dict[str, Any]:
    found = (route for route in table["Routes"] if route.get("DestinationCidrBlock") == destination)
    return next(found, {})


def picture(lab: Lab) -> list[str]:
    """The topology, for a terminal."""
    world = lab.world
    one, two = world.nodes[:2]
    asker = world.clients[0]
    routes = [f"{table}: {lab.overlay}/32 -> ?" for table in world.route_table_ids[:2]]
    routes += [""] * (2 - len(routes))
    return [
        f"      {asker.name:<24}asks {lab.overlay}",
        f"      {asker.addresses[0]}",
        "          |",
        f"      the VPC's router        {routes[0]}",
        f"       /            \\         {routes[1]}",
        f"    {one.name:<16}{two.name}",
        f"    {one.addresses[0]:<16}{two.addresses[0]}",
        f"    {one.availability_zone:<16}{two.availability_zone}",
    ]
