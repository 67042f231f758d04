#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of an action plugin: the work is done in plugins/action/overlay_page.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_page
short_description: Write the status of overlay IPs as one HTML page
version_added: 1.1.0
description:
  - Makes of the reports of M(aws_ha.overlay_ip.overlay_report) one file that a browser shows without any other file,
    server or network, and that holds nothing that was not in the reports.
  - The file is replaced as a whole. It says when it was made, so that it is another one at every run.
  - Runs on the controller.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  reports:
    description:
      - What RV(aws_ha.overlay_ip.overlay_report#module:report) is of a status; one for each group of nodes. With more
        than ten overlay IPs the page shows them in a table with a filter.
      - The key C(group) of each is the name of its group, which the commands on the page give as C(overlay_ip_group). A
        key C(pair) that is added to it is given in its place.
    type: list
    elements: dict
    required: true
  wrong:
    description: By name of each group of nodes of which there is no report, why, as a sentence.
    type: dict
    default: {}
  path:
    description: The file on the controller; relative to the playbook's working directory.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Write the page
  aws_ha.overlay_ip.overlay_page:
    reports: ["{{ status.report }}"]
    path: /var/www/html/overlay-ip.html
"""

RETURN = r"""
path:
  description: The file.
  returned: always
  type: str
"""
