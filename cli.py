"""Door of a checkout: `python cli.py …` is `graphemb …`. Never part of the wheel."""

from graphemb.cli import main

if __name__ == "__main__":
    main()
