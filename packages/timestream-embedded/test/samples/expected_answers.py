"""What the sample queries must answer, worked out from the points themselves: hosts and services on standard input, the rows of every query on standard output."""
import decimal
import json
import math
import os
import statistics
import sys
from datetime import datetime, timedelta
from fractions import Fraction

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "sql", "python"))
from series_functions import fill, linear, locf, spline  # noqa: E402


def rounded(value, places=2):
    """Halves away from zero, as Java rounds."""
    if value is None:
        return None
    return float(decimal.Decimal(float(value)).quantize(decimal.Decimal(1).scaleb(-places), rounding=decimal.ROUND_HALF_UP))


def halfway(value):
    """Between two values of two digits lies one that can be rounded either way."""
    return {"roundedFrom": float(value)}


def mean(values):
    return float(sum(Fraction(value) for value in values) / len(values)) if values else None


def percentile(values, share):
    ordered = sorted(values)
    return ordered[max(1, math.ceil(Fraction(str(share)) * len(ordered))) - 1] if ordered else None


def text(ms):
    return (datetime(1970, 1, 1) + timedelta(milliseconds=int(ms))).strftime("%Y-%m-%d %H:%M:%S.%f000")


def grouped(rows, key):
    groups = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def binned(rows, width_ms, value="cpu"):
    return sorted((slot, [row[value] for row in group]) for slot, group in grouped(rows, lambda row: row["timestampMs"] // width_ms * width_ms).items())


def sequence(first, last, step):
    return [Fraction(at) for at in range(first, last + 1, step)]


def host_answers(points, now_ms):
    recent = [point for point in points if point["timestampMs"] > now_ms - 7_200_000]
    host = [point for point in recent if point["hostname"] == "host-1"]
    each_host = grouped(recent, lambda point: (point["region"], point["az"], point["hostname"]))
    usual = mean([point["cpu"] for point in recent])
    slots = [(slot, rounded(mean(values))) for slot, values in binned(host, 30_000)]
    known = [(Fraction(slot), Fraction(load)) for slot, load in slots]
    times = sequence(slots[0][0], slots[-1][0], 15_000)

    # Fractions of so many points would have thousands of digits.
    in_floats = [(float(at), float(load)) for at, load in known]

    def filled(of):
        return [[text(at), halfway(of(known, at))] for at in times]

    def over_time(group):
        own = sorted((Fraction(point["timestampMs"]), Fraction(point["cpu"])) for point in group)
        seconds = [(int(b[0] - a[0]) // 1000, a[1]) for a, b in zip(own, own[1:])] + [(1, own[-1][1])]
        return float(sum(count * value for count, value in seconds) / sum(count for count, _ in seconds))

    own = sorted((Fraction(point["timestampMs"]), Fraction(rounded(point["cpu"]))) for point in host)
    curve = [(at, linear(own, at)) for at in sequence(int(own[0][0]), int(own[-1][0]), 10_000)]
    high = [[text(at), float(value)] for at, value in curve if value > 70]
    return [
        [["us-east-1", "b", "host-1", text(slot), rounded(mean(v)), *(rounded(percentile(v, p)) for p in (0.9, 0.95, 0.99))] for slot, v in binned(host, 15_000)],
        sorted(([*key, mean([p["cpu"] for p in group]), usual, len(each_host)] for key, group in each_host.items() if mean([p["cpu"] for p in group]) > 1.1 * usual), key=lambda row: -row[3]),
        [["host-1", text(slot), load] for slot, load in slots],
        filled(linear),
        filled(locf),
        filled(lambda series, at: fill(series, at, Fraction(10))),
        [[text(at), halfway(spline(in_floats, float(at)))] for at in times],
        sorted(([key[2], over_time(group)] for key, group in each_host.items()), key=lambda row: -row[1]),
        [[high, len(high), rounded(Fraction(len(high), len(curve)), 4)]],
        [[[[text(at), float(value)] for at, value in curve if value < 75 and at > own[0][0] + 60_000]]],
        [[float(len(curve))]],
        [[mean([value for _, value in curve])]],
    ]


def dashboard_answers(points, start, end, interval):
    points = [dict(point, number=float(point["value"]) if point["type"] != "VARCHAR" else None) for point in points if start <= point["timestampMs"] <= end]

    def measured(name, **wanted):
        return [p for p in points if p["measureName"] == name and all(p[key] == value for key, value in wanted.items())]

    def numbers(group):
        return [p["number"] for p in group]

    def instance(p):
        return (p["silo"], p["microservice_name"], p["instance_name"])

    services = sorted({p["microservice_name"] for p in measured("cpu_user")})
    hosts = {name: len({instance(p) for p in measured("cpu_user", microservice_name=name)}) for name in services}
    zeus = grouped(measured("cpu_user", microservice_name="zeus"), instance)
    apollo = grouped(measured("cpu_user", microservice_name="apollo"), instance)

    # The service with the highest memory of each silo, and its host with the highest.
    most = {}
    for (who, slot), group in grouped(measured("memory_used"), lambda p: (instance(p), p["timestampMs"] // 300_000)).items():
        most.setdefault(who, []).append(max(numbers(group)))
    pauses = []
    for silo in ("silo-1", "silo-2"):
        of_service = {name: percentile([m for who, all_of in most.items() if who[:2] == (silo, name) for m in all_of], 0.95) for name in services}
        for name in [name for name in services if of_service[name] == max(of_service.values())]:
            of_host = {who: percentile(all_of, 0.95) for who, all_of in most.items() if who[:2] == (silo, name)}
            for who in [who for who in of_host if of_host[who] == max(of_host.values())]:
                group = [p for p in measured("gc_pause") if instance(p) == who]
                v = numbers(group)
                pauses.append([*who, group[0]["jdk_version"], min(v), rounded(mean(v)), rounded(statistics.stdev(v)), rounded(percentile(v, 0.5)), rounded(percentile(v, 0.99))])

    memory = measured("memory_used", microservice_name="zeus")
    usage = [p for p in points if p["measureName"] in ("cpu_user", "cpu_system", "cpu_idle") and p["microservice_name"] == "zeus"]
    states = grouped(measured("task_end_state", microservice_name="apollo"), lambda p: p["value"])
    by_pause = sorted(grouped(measured("gc_pause"), instance).items(), key=lambda item: -mean(numbers(item[1])))[:3]
    names = ["region", "cell", "silo", "availability_zone", "microservice_name", "instance_name", "jdk_version"]
    types = {p["measureName"]: p["type"].lower() for p in points}
    silos = grouped(measured("cpu_user"), lambda p: (p["region"], p["cell"], p["silo"], p["availability_zone"]))
    return [
        [[hosts["apollo"], None], [None, hosts["zeus"]]],
        [[rounded(100 * sum(percentile(numbers(group), 0.9) > 80 for group in zeus.values()) / len(zeus), 0)]],
        sorted(pauses),
        [["cell-1", text(hour), len({p["instance_name"] for p in memory}), rounded(mean(v)), *(rounded(percentile(v, s)) for s in (0.9, 0.95, 0.99))] for hour, v in binned(memory, 3_600_000, "number")],
        [[text(slot), *(mean([p["number"] for p in usage if p["timestampMs"] // 60_000 * 60_000 == slot and p["measureName"] == name]) for name in ("cpu_user", "cpu_system", "cpu_idle"))] for slot, _ in binned(usage, 60_000, "number")][::-1],
        [[sum(percentile(numbers(group), 0.9) < 60 for group in apollo.values())]],
        sorted(([state, len(group)] for state, group in states.items()), key=lambda row: (-row[1], row[0])),
        [[who[0], who[2], [[text(p["timestampMs"]), p["number"]] for p in sorted(group, key=lambda p: p["timestampMs"])]] for who, group in by_pause],
        [[text(slot), rounded(mean(v)), None] for slot, v in binned(measured("disk_io_reads", instance_name="zeus-0", silo="silo-1"), interval, "number")][::-1],
        sorted(([silo, text(slot), rounded(mean(v))] for silo in ("silo-1", "silo-2") for slot, v in binned(measured("cpu_user", microservice_name="apollo", silo=silo), interval, "number")), key=lambda row: (-int(row[1].replace("-", "").replace(" ", "").replace(":", "").replace(".", "")), row[0])),
        [list(row) for row in sorted({(*instance(p), p["jdk_version"]) for p in measured("cpu_user")})],
        [[name, types[name], [[each, "varchar"] for each in names]] for name in sorted(types)],
        [[*place, len({(p["microservice_name"], p["instance_name"]) for p in group})] for place, group in sorted(silos.items())],
        [["db"], ["grafanaDB"], ["sampledb"]],
        [["grafanaTable"]],
        [*([name, "varchar", "DIMENSION"] for name in names), ["measure_name", "varchar", "MEASURE_NAME"], ["time", "timestamp", "TIMESTAMP"],
            *([f"measure_value::{kind}", kind, "MEASURE_VALUE"] for kind in ("double", "bigint", "varchar"))],
    ]


def answer(case):
    hosts = host_answers(case["hosts"], case["nowMs"])
    return {"hosts": hosts, "dashboard": dashboard_answers(case["services"], case["fromMs"], case["toMs"], case["intervalMs"])}


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
