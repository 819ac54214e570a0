"""`python -m telltale`: the command line."""

from telltale.cli.main import main

if __name__ == "__main__":
    main()
