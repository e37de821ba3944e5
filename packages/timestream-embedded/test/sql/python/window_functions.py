"""Window functions, row by row, as their definitions say: tables on standard input; for each, the values of every row by its id on standard output."""
import functools
import json
import sys


def compare(a, b, key, descending, nulls_first):
    x, y = a[key], b[key]
    if x is None or y is None:
        if x is None and y is None:
            return 0
        return (-1 if x is None else 1) * (1 if nulls_first else -1)
    return ((x > y) - (x < y)) * (-1 if descending else 1)


def ordered(rows, key, descending, nulls_first):
    """By the key; what is equal by its id, as the statement says with a second key."""
    def order(a, b):
        return compare(a, b, key, descending, nulls_first) or a["id"] - b["id"]
    return sorted(rows, key=functools.cmp_to_key(order))


def rows_frame(partition, index, before, after):
    return partition[max(0, index - before):index + after + 1]


def range_frame(partition, row, key, before, after, descending):
    """Rows whose key is at most so far away; beside a row without a key the others without one."""
    if row[key] is None:
        return [each for each in partition if each[key] is None]
    if descending:
        before, after = after, before
    return [each for each in partition if each[key] is not None and row[key] - before <= each[key] <= row[key] + after]


def first(values):
    return values[0] if values else None


def known(values):
    return [value for value in values if value is not None]


def total(values):
    return sum(known(values)) if known(values) else None


def shifted(partition, index, offset, ignores_nulls, default):
    if not ignores_nulls:
        at = index + offset
        return partition[at]["v"] if 0 <= at < len(partition) else default
    if offset == 0:
        return partition[index]["v"]
    side = partition[index + 1:] if offset > 0 else partition[:index][::-1]
    values = known([row["v"] for row in side])
    return values[abs(offset) - 1] if len(values) >= abs(offset) else default


def answer(case):
    result = {}
    n, offset, before, after = case["n"], case["offset"], case["before"], case["after"]
    span, back = case["spanNs"], case["backNs"]
    for name in sorted({row["g"] for row in case["rows"]}):
        partition = ordered([row for row in case["rows"] if row["g"] == name], "t", case["descending"], case["nullsFirst"])
        size = len(partition)
        for index, row in enumerate(partition):
            def is_peer(other):
                return other["t"] == row["t"]
            ahead = [each for each in partition[:index + 1] if not is_peer(each)]
            peers = [each for each in partition if is_peer(each)]
            rank = len(ahead) + 1
            frame = [each["v"] for each in rows_frame(partition, index, before, after)]
            running = [each["v"] for each in partition[:index + 1]]
            near = [each["v"] for each in range_frame(partition, row, "t", span, back, case["descending"])]
            numbers = [each["v"] for each in range_frame(partition, row, "k", 3, 2, False)]
            larger = size % n
            bucket = size // n
            edge = larger * (bucket + 1)
            result[row["id"]] = [
                index + 1,
                rank,
                len({each["t"] for each in ahead}) + 1,
                0 if size == 1 else (rank - 1) / (size - 1),
                (len(ahead) + len(peers)) / size,
                index // (bucket + 1) + 1 if index < edge else larger + (index - edge) // bucket + 1,
                first(frame),
                frame[-1] if frame else None,
                first(known(frame)),
                first(known(frame)[::-1]),
                first(known(running)[::-1]),
                frame[n - 1] if len(frame) >= n else None,
                known(frame)[n - 1] if len(known(frame)) >= n else None,
                shifted(partition, index, offset, False, None),
                shifted(partition, index, -offset, False, -1),
                shifted(partition, index, offset, True, None),
                shifted(partition, index, -offset, True, -1),
                total(frame),
                len(known(frame)),
                max(known(frame), default=None),
                total(near),
                len(known(near)),
                min(known(near), default=None),
                total(numbers),
                len(known(numbers)),
                len(near),
            ]
    return result


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
