# pip install boto3 pytest testcontainers; the image is the one of the Dockerfile beside this file
import time

import boto3
import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.waiting_utils import wait_for_logs


@pytest.fixture(scope="session")
def timestream():
    container = DockerContainer("timestream-embedded").with_exposed_ports(8086).with_command("--credentials=local:secret --create=db.t")
    with container as running:
        wait_for_logs(running, "Timestream listens on")
        endpoint = f"http://{running.get_container_host_ip()}:{running.get_exposed_port(8086)}"
        options = dict(endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="secret")
        yield boto3.client("timestream-write", **options), boto3.client("timestream-query", **options)


def test_what_was_written_is_found(timestream):
    write, query = timestream
    record = {
        "Dimensions": [{"Name": "host", "Value": "a"}],
        "MeasureName": "cpu",
        "MeasureValue": "1.5",
        "Time": str(int(time.time() * 1000)),
    }
    write.write_records(DatabaseName="db", TableName="t", Records=[record])
    rows = query.query(QueryString="SELECT max(measure_value::double) FROM db.t")["Rows"]
    assert rows[0]["Data"][0]["ScalarValue"] == "1.5"
