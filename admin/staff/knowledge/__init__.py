"""Knowledge as staff read and write it: the one place that pages and the interface share."""
