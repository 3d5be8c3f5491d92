"""Figures as staff read them, and the tickets behind each: what pages and the interface share."""
