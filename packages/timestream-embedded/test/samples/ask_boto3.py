# Asks the statements of standard input (a JSON list) through boto3 and prints all rows of each as JSON.
import json
import os
import sys

import boto3

client = boto3.client("timestream-query", endpoint_url=os.environ["TIMESTREAM_ENDPOINT"], region_name="us-east-1")
answers = []
for statement in json.load(sys.stdin):
    rows = []
    for page in client.get_paginator("query").paginate(QueryString=statement):
        rows += page["Rows"]
    answers.append(rows)
json.dump(answers, sys.stdout)
