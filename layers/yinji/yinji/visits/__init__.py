"""Visits 信息化服务进社区: every Wednesday technicians visit retired staff at home."""
