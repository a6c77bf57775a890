"""`python -m graphemb` is `graphemb`."""

from graphemb.cli import main

if __name__ == "__main__":
    main(prog_name="graphemb")
