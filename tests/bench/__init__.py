"""Benchmarks: what things cost, and what they cost beside their alternatives. They print figures and assert nothing."""
