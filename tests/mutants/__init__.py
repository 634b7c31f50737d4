"""Defences taken away one at a time: for each there is a test that fails without it."""
