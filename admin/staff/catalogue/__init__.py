"""The dispatch catalogue for staff's programs and pages."""
