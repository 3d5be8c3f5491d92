"""REST: calendars, working hours and clock limits, with what a change would move."""
