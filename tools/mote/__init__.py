"""Compiles trained models to .mote files, shows them and checks them."""

VERSION = "0.1.0"
