"""Yinji 印记: the domain and the ports shared by every function.

`clearance` is one service; `identity` says who somebody is; `platform` is what every service stands on.
"""
