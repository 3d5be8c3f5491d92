"""Topics for supervisors: the interface, and the views that pages share with it."""
