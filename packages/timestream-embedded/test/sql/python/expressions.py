"""Evaluates expressions over the names that a case gives: a list of cases on standard input, a list of answers on standard output."""
import decimal
import json
import math
import sys


def levenshtein(a, b):
    row = list(range(len(b) + 1))
    for i, s in enumerate(a):
        new = [i + 1]
        for j, t in enumerate(b):
            new.append(min(row[j + 1] + 1, new[j] + 1, row[j] + (s != t)))
        row = new
    return row[-1]


def to_base(n, base):
    digits, rest = '', abs(n)
    while rest:
        digits = str(rest % base) + digits
        rest //= base
    return ('-' if n < 0 else '') + (digits or '0')


def rounded(x, places, how):
    return float(decimal.Decimal(x).quantize(decimal.Decimal(1).scaleb(-places), rounding=how))


json.dump([[eval(each, globals(), case['given']) for each in case['expressions']] for case in json.load(sys.stdin)], sys.stdout)
