"""Editions of the growth archive: what a student takes along, as a sealed PDF and a credential.

`model` says what an edition is and how it comes about, `store` keeps editions, `book` gathers what one says.
"""
