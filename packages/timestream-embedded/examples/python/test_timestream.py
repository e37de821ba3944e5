# pytest asks the server at the address in TIMESTREAM_ENDPOINT. Without that variable it starts a container, of the image that the Dockerfile of
# these examples makes. pip install boto3 pytest, and testcontainers for the container
import os
import time
import uuid

import boto3
import pytest


@pytest.fixture(scope="session")
def endpoint():
    if "TIMESTREAM_ENDPOINT" in os.environ:
        yield os.environ["TIMESTREAM_ENDPOINT"]
        return
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.waiting_utils import wait_for_logs

    container = DockerContainer("timestream-embedded").with_exposed_ports(8086).with_command("--credentials=local:secret --create=db.t")
    with container as running:
        wait_for_logs(running, "Timestream listens on")
        yield f"http://{running.get_container_host_ip()}:{running.get_exposed_port(8086)}"


@pytest.fixture(scope="session")
def timestream(endpoint):
    options = dict(endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="secret")
    return boto3.client("timestream-write", **options), boto3.client("timestream-query", **options)


def cpu(host, value, time_ms):
    return {
        "Dimensions": [{"Name": "host", "Value": host}],
        "MeasureName": "cpu",
        "MeasureValue": str(value),
        "Time": str(time_ms),
    }


def test_what_was_written_is_found_on_all_pages(timestream):
    write, query = timestream
    now_ms = int(time.time() * 1000)
    # Of this run, so that the next one may ask the same server.
    host = f"python-{uuid.uuid4()}"
    for first in range(0, 1500, 100):
        records = [cpu(host, each + 0.5, now_ms - each * 1000) for each in range(first, first + 100)]
        write.write_records(DatabaseName="db", TableName="t", Records=records)
    statement = f"SELECT measure_value::double FROM db.t WHERE host = '{host}' ORDER BY time DESC"
    pages = query.get_paginator("query").paginate(QueryString=statement)
    assert [row["Data"][0]["ScalarValue"] for page in pages for row in page["Rows"]] == [f"{each}.5" for each in range(1500)]


def test_a_record_that_is_too_old_is_named(timestream):
    write, _ = timestream
    records = [cpu("python", 1, int(time.time() * 1000)), cpu("python", 2, 1)]
    with pytest.raises(write.exceptions.RejectedRecordsException) as rejected:
        write.write_records(DatabaseName="db", TableName="t", Records=records)
    assert [record["RecordIndex"] for record in rejected.value.response["RejectedRecords"]] == [1]


def test_a_statement_that_cannot_run_says_why(timestream):
    _, query = timestream
    with pytest.raises(query.exceptions.ValidationException, match="line 1:8: Column 'nothing' does not exist"):
        query.query(QueryString="SELECT nothing FROM db.t")
