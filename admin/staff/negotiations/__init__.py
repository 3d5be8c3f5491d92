"""Negotiations of unclear duties for staff's programs and pages."""
