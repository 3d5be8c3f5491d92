"""`python -m admin`: the command line."""

from admin.cli import main

if __name__ == "__main__":
    main()
