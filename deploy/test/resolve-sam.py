"""Prints a SAM template as the CloudFormation template that it is transformed to, as JSON. Offline: no account is asked."""

import json
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    def load(self):
        return {}


with open(sys.argv[1], encoding="utf-8") as template_file:
    template = yaml_parse(template_file.read())

# What `sam deploy` does first: the package goes to S3, and the template says where.
template["Globals"]["Function"]["CodeUri"] = {"Bucket": "packages", "Key": "connector.zip"}
print(json.dumps(transform(template, {}, NoManagedPolicies())))
