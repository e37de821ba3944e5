"""Python's own statistics of lists of numbers: a list of pairs of lists on standard input, a list of answers on standard output."""
import json
import math
import statistics as st
import sys

answers = []
for xs, ys in json.load(sys.stdin):
    n = len(xs)
    mean = math.fsum(xs) / n
    m2 = math.fsum((x - mean) ** 2 for x in xs)
    m3 = math.fsum((x - mean) ** 3 for x in xs)
    slope, intercept = st.linear_regression(xs, ys)
    ordered = sorted(xs)
    answers.append([st.geometric_mean([abs(x) + 1 for x in xs]), math.sqrt(n) * m3 / m2 ** 1.5, st.stdev(xs), st.pstdev(xs), st.variance(xs), st.pvariance(xs),
        st.correlation(xs, ys), st.covariance(xs, ys), st.covariance(xs, ys) * (n - 1) / n, slope, intercept,
        ordered[max(1, math.ceil(0.9 * n)) - 1], ordered[max(1, math.ceil(0.25 * n)) - 1]])
json.dump(answers, sys.stdout)
