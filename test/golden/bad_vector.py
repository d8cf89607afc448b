"""Bad files of operators 10 to 19: see bad.py."""
