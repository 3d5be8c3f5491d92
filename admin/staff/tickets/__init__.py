"""Tickets as staff read them, and what staff do to them: the one place that pages and the interface share."""
