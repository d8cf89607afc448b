#!/usr/bin/env python3
"""Prints the polynomial coefficients of core/base/maths.c.

Each is the minimax polynomial, in relative error of the whole function, found
by Lawson's reweighted least squares in extended precision, then rounded to
binary32. Needs numpy.

Usage: minimax.py
"""

from math import erf

import numpy as np

LD = np.longdouble


def lawson(basis, target, weight, rounds=400):
    """Coefficients that minimise max |weight * (basis @ c - target)|."""
    w = np.full(len(target), LD(1) / len(target))
    for _ in range(rounds):
        scale = np.sqrt(w) * weight
        a = (basis * scale[:, None]).astype(np.float64)
        q, r = np.linalg.qr(a)
        c = np.linalg.solve(r, q.T @ (target * scale).astype(np.float64))
        error = np.abs(weight * (basis @ c.astype(LD) - target))
        w = w * error
        w /= w.sum()
    return c, error.max()


def show(name, c, error):
    digits = ", ".join(float(np.float32(x)).hex() + "f" for x in c)
    print(f"{name}: {digits}   /* 2^{float(np.log2(error)):.1f} */")


def main():
    half = np.log(LD(2)) / 2
    x = half * np.cos(np.pi * (np.arange(4000) + LD(0.5)) / 4000)
    x = x[np.abs(x) > 1e-5]
    # e^x = 1 + x + x^2 * P(x); from the lowest coefficient up
    tail = (np.expm1(x) - x) / x**2
    basis = np.stack([x**i for i in range(6)], axis=1)
    show("exp", *lawson(basis, tail, x**2 / np.exp(x)))

    x = LD(0.55) * (np.arange(1, 4001) / LD(4000))
    # tanh x = x + x^3 * P(x^2)
    tail = (np.tanh(x) - x) / x**3
    basis = np.stack([(x * x) ** i for i in range(6)], axis=1)
    show("tanh", *lawson(basis, tail, x**3 / np.tanh(x)))

    x = np.arange(1, 4001) / LD(4000)
    # log(1 + x) = x * P(x) for x in [0, 1]
    basis = np.stack([x**i for i in range(10)], axis=1)
    show("log1p", *lawson(basis, np.log1p(x) / x, x / np.log1p(x)))

    # erf z = z P(v) for z in [0, c], v = 2 z^2 / c^2 - 1. c is one of the few
    # ends where the rounded polynomial, taken in two halves, is exactly 1, and
    # hardly ever above before it
    c = LD(3.849609375)
    u = c * c * (1 - np.cos(np.pi * (np.arange(3000) + LD(0.5)) / 3000)) / 2
    z = np.sqrt(u)
    exact = np.array([LD(erf(float(t))) for t in z])
    v = LD(np.float32(2 / (c * c))) * u - 1
    basis = np.stack([v**i for i in range(17)], axis=1)
    show("erf", *lawson(basis, exact / z, z / exact))


if __name__ == "__main__":
    main()
