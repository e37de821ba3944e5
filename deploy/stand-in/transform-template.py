"""Reads a SAM template from standard input and prints the CloudFormation template that it is transformed to, as JSON.

The transform is AWS' own (aws-sam-translator), which CloudFormation runs for `Transform: AWS::Serverless-2016-10-31`. Offline.
"""

import json
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    def load(self):
        return {}


template = yaml_parse(sys.stdin.read())
if template.get("Transform") == "AWS::Serverless-2016-10-31":
    template = transform(template, {}, NoManagedPolicies())
print(json.dumps(template))
