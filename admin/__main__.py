"""`python -m admin`: the command line."""

import gc

# Loading the modules makes objects that stay; looking for garbage among them takes a third of the start. The server's
# own garbage is small and is still found, only less often.
gc.set_threshold(100_000, 20, 20)

from admin.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
