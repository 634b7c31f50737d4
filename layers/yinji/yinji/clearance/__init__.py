"""Graduation clearance 数字化离校一站式办理: cases, their steps, and what moves them on.

`definition`, `case`, `step`, `evidence`, `roster`, `feed`, `policy` and `view` import no AWS module; `store`, `intake`
and `adapter` do.
"""
