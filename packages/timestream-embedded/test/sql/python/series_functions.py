"""The time series functions by their definitions, in exact fractions: a list of cases on standard input, a list of answers on standard output."""
import functools
import json
import math
import sys
from fractions import Fraction


def before(points, at):
    """The last point at or before a time."""
    found = [point for point in points if point[0] <= at]
    return found[-1] if found else None


def after(points, at):
    found = [point for point in points if point[0] > at]
    return found[0] if found else None


def linear(points, at):
    left, right = before(points, at), after(points, at)
    if left is not None and left[0] == at:
        return left[1]
    if left is None or right is None:
        return "refused"
    return left[1] + (right[1] - left[1]) * (at - left[0]) / (right[0] - left[0])


def locf(points, at):
    left = before(points, at)
    return "refused" if left is None else left[1]


def fill(points, at, constant):
    left = before(points, at)
    return left[1] if left is not None and left[0] == at else constant


def solve(matrix, right):
    """Gauss' elimination over fractions."""
    rows = [list(row) + [value] for row, value in zip(matrix, right)]
    size = len(rows)
    for pivot in range(size):
        best = next(row for row in range(pivot, size) if rows[row][pivot] != 0)
        rows[pivot], rows[best] = rows[best], rows[pivot]
        for row in range(size):
            if row != pivot and rows[row][pivot] != 0:
                factor = rows[row][pivot] / rows[pivot][pivot]
                rows[row] = [a - factor * b if b else a for a, b in zip(rows[row], rows[pivot])]
    return [rows[index][size] / rows[index][index] for index in range(size)]


@functools.lru_cache(maxsize=4)
def bends(points):
    """The second derivatives of the natural cubic spline at the points: the slopes on both sides of an inner point are the same, the ends are straight."""
    size = len(points)
    matrix = [[points[0][0] * 0] * size for _ in range(size)]
    right = [points[0][0] * 0] * size
    matrix[0][0] = matrix[-1][-1] = 1 + points[0][0] * 0
    for i in range(1, size - 1):
        (x0, y0), (x1, y1), (x2, y2) = points[i - 1], points[i], points[i + 1]
        matrix[i][i - 1] = (x1 - x0) / 6
        matrix[i][i] = (x2 - x0) / 3
        matrix[i][i + 1] = (x2 - x1) / 6
        right[i] = (y2 - y1) / (x2 - x1) - (y1 - y0) / (x1 - x0)
    return solve(matrix, right)


def spline(points, at):
    if len(points) < 3:
        return "refused"
    left, right = before(points, at), after(points, at)
    if left is not None and left[0] == at:
        return left[1]
    if left is None or right is None:
        return "refused"
    m = bends(tuple(map(tuple, points)))
    index = points.index(left)
    (x0, y0), (x1, y1), h = left, right, right[0] - left[0]
    a, b = (x1 - at) / h, (at - x0) / h
    return a * y0 + b * y1 + ((a**3 - a) * m[index] + (b**3 - b) * m[index + 1]) * h * h / 6


def derivative(points, interval):
    return [[b[0], (b[1] - a[1]) * interval / (b[0] - a[0])] for a, b in zip(points, points[1:])]


def integral(points, interval):
    return sum(((a[1] + b[1]) * (b[0] - a[0]) for a, b in zip(points, points[1:])), Fraction(0)) / 2 / interval


def correlation(xs, ys):
    n = len(xs)
    cov = n * sum(x * y for x, y in zip(xs, ys)) - sum(xs) * sum(ys)
    squares = (n * sum(x * x for x in xs) - sum(xs) ** 2) * (n * sum(y * y for y in ys) - sum(ys) ** 2)
    return None if squares == 0 else float(cov) / math.sqrt(squares)


def ranks(values):
    return [Fraction(sum(v < x for v in values)) + Fraction(sum(v == x for v in values) + 1, 2) for x in values]


def plain(value):
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return float(value) if isinstance(value, Fraction) else value


def answer(case):
    # Times are nanoseconds after the first, as texts: JSON has no whole numbers of 64 bits.
    points = [(Fraction(int(t)), Fraction(v)) for t, v in case["points"]]
    other = [(Fraction(int(t)), Fraction(v)) for t, v in case["other"]]
    wanted = sorted({Fraction(int(t)) for t in case["times"]})
    interval = Fraction(int(case["interval"]))
    constant = Fraction(case["constant"])
    rates = derivative(points, interval)
    xs, ys = [v for _, v in points], [v for _, v in other]

    def many(of):
        return [[str(int(t)), of(t)] for t in wanted]

    return plain({
        "linear": many(lambda t: linear(points, t)),
        "locf": many(lambda t: locf(points, t)),
        "spline": many(lambda t: spline(points, t)),
        "fill": many(lambda t: fill(points, t, constant)),
        "derivative": [[str(int(t)), v] for t, v in rates],
        "nonNegative": [[str(int(t)), v] for t, v in rates if v >= 0],
        "integral": integral(points, interval),
        "perSecond": integral(points, Fraction(10**9)),
        "pearson": correlation(xs, ys),
        "spearman": correlation(ranks(xs), ranks(ys)),
        "filtered": [[str(int(t)), v] for t, v in points if v > constant],
        "reduced": sum((v * v for v in xs), Fraction(0)),
        "count": len(points),
    })


if __name__ == "__main__":
    json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
