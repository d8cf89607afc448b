"""Writes the parameters of iris.pkl as constants of Rust and Go.

Usage: iris_parameters.py iris.pkl iris.rs iris.go
"""

import pickle
import sys


def rows(numbers, opening: str, closing: str) -> str:
    lines = (opening + ", ".join(repr(float(v)) for v in row) + closing for row in numbers)
    return ",\n    ".join(lines)


def main() -> None:
    with open(sys.argv[1], "rb") as f:
        model = pickle.load(f)
    intercepts = ", ".join(repr(float(v)) for v in model.intercept_)
    with open(sys.argv[2], "w") as f:
        f.write(f"pub const WEIGHTS: [[f64; 4]; 3] = [\n    {rows(model.coef_, '[', ']')},\n];\n")
        f.write(f"pub const INTERCEPTS: [f64; 3] = [{intercepts}];\n")
    with open(sys.argv[3], "w") as f:
        f.write("package main\n\n")
        f.write(f"var weights = [3][4]float64{{\n    {rows(model.coef_, '{', '}')},\n}}\n")
        f.write(f"var intercepts = [3]float64{{{intercepts}}}\n")


if __name__ == "__main__":
    main()
