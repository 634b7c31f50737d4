"""Repair 校园网络报修: places and their printed codes, reports, incidents, and the work on them."""
