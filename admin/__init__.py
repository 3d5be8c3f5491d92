"""Floor 6, the roof: staff pages and interface, the command line, the assembly of the web app and the worker."""
