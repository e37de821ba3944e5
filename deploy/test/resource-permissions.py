"""Prints which actions CloudFormation performs for resources of the given types, as their schemas say: {type: {handler: [action]}}.

The schemas are AWS' own, as cfn-lint ships them. Listing is left out: it serves import and drift tools, not a stack's life.
"""

import json
import sys

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

permissions = {}
for resource_type in sys.argv[1:]:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    handlers = {name: handler["permissions"] for name, handler in schema["handlers"].items() if name != "list"}
    tagging = (schema.get("tagging") or {}).get("permissions")
    if tagging:
        handlers["tag"] = tagging
    permissions[resource_type] = handlers
print(json.dumps(permissions))
