"""graphemb merge."""

from __future__ import annotations

import sys

import click

__all__ = ["merge_command"]


@click.command("merge", epilog="Example:  graphemb merge OUT -o mapped.tsv")
@click.argument("folder", metavar="OUT")
@click.option("-o", "--output", metavar="FILE", help="File to write; default: standard output.")
def merge_command(folder: str, output: str | None) -> None:
    """Join the parts that `graphemb map --parts` left in OUT, each checked, to one file.

    `cat OUT/part-*` gives the same, unchecked.
    """
    from graphemb.cli._job import joined
    from graphemb.cli._outputs import check_output
    from graphemb.files import atomic_write

    check_output(None, output)
    if output in (None, "-"):
        for content in joined(folder):
            sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    with atomic_write(str(output)) as file:
        for content in joined(folder):
            file.write(content)
