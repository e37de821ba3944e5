"""Aggregates of one group and functions on arrays, by their definitions: a list of cases on standard input, a list of answers on standard output."""
import json
import sys
from fractions import Fraction


def percentile(pairs, share):
    """The least value whose weight and that of the smaller ones are at least this share of the whole."""
    counted = sorted((value, weight) for value, weight in pairs if value is not None and weight is not None and weight > 0)
    whole = sum(weight for _, weight in counted)
    for value, _ in counted:
        if sum(weight for other, weight in counted if other <= value) >= Fraction(str(share)) * whole:
            return value
    return None


def extremes(values, n, greatest):
    known = sorted((value for value in values if value is not None), reverse=greatest)
    return known[:n] or None


def extreme_keys(rows, n, greatest):
    """The keys of the rows that are asked for; which of the rows of one key is open."""
    return extremes([row["k"] for row in rows], n, greatest)


def in_first_order(values):
    result = []
    for value in values:
        if value not in result:
            result.append(value)
    return result


def overlap(a, b):
    if any(value is not None and value in b for value in a):
        return "true"
    return None if a and b and (None in a or None in b) else "false"


def answer(case):
    rows, n, share, shares = case["rows"], case["n"], case["share"], case["shares"]
    xs = [row["x"] for row in rows]
    p, q = case["p"], case["q"]
    each = [(x, 1) for x in xs]
    weighted = [(row["x"], row["w"]) for row in rows]
    is_empty = all(x is None for x in xs)
    width = max(len(p), len(q))
    known = [x for x in p if x is not None]
    return [
        len({x for x in xs if x is not None}),
        len({x for x in xs if x is not None}),
        percentile(each, share),
        None if is_empty else [percentile(each, s) for s in shares],
        percentile(weighted, share),
        None if percentile(weighted, share) is None else [percentile(weighted, s) for s in shares],
        percentile(weighted, share),
        extremes(xs, n, True),
        extremes(xs, n, False),
        extreme_keys(rows, n, True),
        extreme_keys(rows, n, False),
        in_first_order(p),
        in_first_order(p + q),
        in_first_order([x for x in p if x in q]),
        in_first_order([x for x in p if x not in q]),
        overlap(p, q),
        [[p[i] if i < len(p) else None, q[i] if i < len(q) else None] for i in range(width)],
        sorted(known) + [None] * (len(p) - len(known)),
        sorted(known) + [None] * (len(p) - len(known)),
        None if None in p else max(p, default=None),
        None if None in p else min(p, default=None),
        p[::-1],
        p + q,
        p * 2 + q,
        "|".join(str(x) for x in known),
        "|".join("none" if x is None else str(x) for x in p),
    ]


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
