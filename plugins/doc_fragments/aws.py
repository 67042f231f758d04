# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of every module that calls AWS: names, aliases and fallbacks as in amazon.aws."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation of ``_aws.ARGUMENT_SPEC``."""

    DOCUMENTATION = r"""
options:
  access_key:
    description:
      - AWS access key id. Belongs together with O(secret_key) and excludes O(profile).
      - Read from E(AWS_ACCESS_KEY_ID), E(AWS_ACCESS_KEY) or E(EC2_ACCESS_KEY) where not set.
    type: str
    aliases: [aws_access_key_id, aws_access_key, ec2_access_key]
  secret_key:
    description:
      - AWS secret access key.
      - Read from E(AWS_SECRET_ACCESS_KEY), E(AWS_SECRET_KEY) or E(EC2_SECRET_KEY) where not set.
    type: str
    aliases: [aws_secret_access_key, aws_secret_key, ec2_secret_key]
  session_token:
    description:
      - Session token of temporary credentials.
      - Read from E(AWS_SESSION_TOKEN), E(AWS_SECURITY_TOKEN) or E(EC2_SECURITY_TOKEN) where not set.
    type: str
    aliases: [aws_session_token, security_token, aws_security_token, access_token]
  profile:
    description:
      - Named profile of the AWS configuration files.
      - Read from E(AWS_PROFILE) or E(AWS_DEFAULT_PROFILE) where not set.
    type: str
    aliases: [aws_profile]
  region:
    description:
      - Region of the VPC, for example V(eu-central-1).
      - Read from E(AWS_REGION), E(AWS_DEFAULT_REGION) or E(EC2_REGION) where not set, and from the profile.
    type: str
    aliases: [aws_region, ec2_region]
  endpoint_url:
    description:
      - URL to call in place of the region's public endpoint, for example that of an interface endpoint.
      - Read from E(AWS_URL) or E(EC2_URL) where not set; the SDK itself reads E(AWS_ENDPOINT_URL).
    type: str
    aliases: [aws_endpoint_url, ec2_url, s3_url]
  aws_ca_bundle:
    description:
      - File with the certificate authorities to trust, in place of the SDK's own.
      - Read from E(AWS_CA_BUNDLE) where not set.
    type: path
  validate_certs:
    description:
      - Whether to check the endpoint's TLS certificate.
    type: bool
    default: true
  aws_config:
    description:
      - Settings for the SDK's client, by the argument names of C(botocore.config.Config).
      - They are laid over the collection's own, which are 2 seconds to connect, 5 seconds to answer, and three
        attempts in all in the C(standard) retry mode.
    type: dict
  debug_botocore_endpoint_logs:
    description:
      - Whether to log the SDK's requests to standard error.
      - Read from E(ANSIBLE_DEBUG_BOTOCORE_LOGS) where not set.
    type: bool
    default: false
  assume_role_arn:
    description:
      - For a shared VPC or a transit gateway whose route tables belong to another account. A role of that account.
      - The calls that read and write route tables are made as this role, which is assumed once per task.
      - All others are made with the caller's own credentials, since instances and roles belong to the caller's account.
    type: str
requirements:
  - botocore >= 1.29 (boto3 brings it). Where it is not installed, a small client of the collection's own does the same
    with keys of the options or the role of the instance; IAM, profiles and other sources of credentials need botocore.
"""
