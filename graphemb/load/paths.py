"""PathsLoader: lines that each hold a whole path, as Google's and Shopify's product taxonomies."""

from __future__ import annotations

import re
from pathlib import Path

from graphemb.files import numbered_lines
from graphemb.load._columns import Paths
from graphemb.load.base import Draft, Loader, Notes
from graphemb.taxonomy import Taxonomy

__all__ = ["PathsLoader"]

_NUMBERED = re.compile(r"(\S+) +[-:] +(\S.*)")


class PathsLoader(Loader):
    """Reads ``Food > Fruit > Apple`` or ``432 - Food > Fruit > Apple``, a line a node.

    Without a number before it the path itself is the id. Lines that begin with # are comments.
    Levels that have no line of their own are made. Whether lines are numbered is told from the
    first: then all must be.

    Parameters
    ----------
    separator : str
        What separates the levels.

    """

    suffixes = (".txt",)

    def __init__(self, separator: str = ">") -> None:
        self.separator = separator

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether a .txt has a line with `` > `` among the first and no tab."""
        lines = head.split(b"\n")[:20]
        paths = any(b" > " in line for line in lines if not line.startswith(b"#"))
        return super().sniff(path, head) and paths and b"\t" not in head

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in the file `path` and the warnings."""
        draft = Draft(str(path))
        paths = Paths(self.separator, draft)
        numbered: bool | None = None
        for line, text in numbered_lines(path):
            if text.startswith("#"):
                draft.metadata.setdefault("comment", text.lstrip("# "))
                continue
            if not text.strip():
                continue
            found = _NUMBERED.fullmatch(text.strip())
            if numbered is None:
                numbered = found is not None
            if numbered and found is None:
                draft.problem(line, "must begin with an id as the first line, like '432 - Food'.")
            elif numbered and found is not None:
                paths.add(found[2], found[1], line)
            else:
                paths.add(text, "", line)
        paths.place()
        return draft.finish(path.name.split(".")[0])
