"""Tables of new nodes and names: what `PhraseMapper.extend` adds to a trained model."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from graphemb.additions import Addition, Additions
from graphemb.errors import InputError, MissingInputError, ParameterError, shown
from graphemb.files import sha256_file
from graphemb.load.base import Draft

__all__ = ["load_additions"]

_LOADERS = ("delimited", "xlsx")


class _Rows(Draft):
    """A draft that knows on which line each node was first named.

    An id may come again without a label: more parents and synonyms of the same node.
    """

    needs_labels = False

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.lines: dict[str, int | None] = {}

    def node(self, node: str, label: str, line: int | None) -> None:
        """Add a node, or more of one that came before."""
        bare, text = self._id(node, line), self._name(label, line)
        self.lines.setdefault(bare, line)
        if not bare or (self.labels.get(bare) and text not in ("", self.labels[bare])):
            super().node(node, label, line)  # a problem
        else:
            self.labels[bare] = self.labels.get(bare) or text

    def retire(self, node: str, label: str, successor: str | None, line: int | None) -> None:
        """Refuse: nodes are only added."""
        self.problem(line, f"{shown(node)} is obsolete; only nodes in use are added. Remove it.")

    def rows(self) -> list[Addition]:
        """Return what was read, one row a node."""
        parents: dict[str, dict[str, None]] = {}
        for child, parent, _, _ in self.edges:
            parents.setdefault(child, {})[parent] = None
        others: dict[str, list[str]] = {}
        for other, node in self.alternates.items():
            others.setdefault(node, []).append(other)
        return [
            Addition(
                node, label, tuple(parents.get(node, ())), tuple(self.synonyms.get(node, ())),
                tuple(others.get(node, ())), self.lines[node],
            )
            for node, label in self.labels.items()
        ]  # fmt: skip


def load_additions(source: str | Path, *, loader: str | None = None, **options: Any) -> Additions:
    """Return the nodes and names in a table, to be added to a taxonomy.

    Columns are those of the `delimited` loader: id, label, parent (several joined by ``|``: ids of
    known or of new nodes), optional synonyms. A row with a known id adds synonyms to that node;
    its label and parent are empty or what they are, so a table of such rows needs neither column;
    a node that has no label may be given one.
    `alt_ids` is read too, `xrefs` is not.

    Parameters
    ----------
    source : str or Path
        CSV, TSV or XLSX.
    loader : {"delimited", "xlsx"}, optional
        Told from the file's ending when left out.
    **options
        Arguments of the loader.

    Warns
    -----
    UserWarning
        One line a kind of untidiness.

    Raises
    ------
    MissingInputError, InputError, ParameterError

    """
    path = Path(source)
    if not path.exists():
        raise MissingInputError(f"{source}: must be a table of new nodes; there is no such file.")
    if not path.is_file():
        raise InputError(f"{source}: must be a file with new nodes; it is none. Name a table.")
    draft = _Rows(str(source))
    _reader(source, loader, options).fill(path, draft)
    draft.problems.raise_if_any()
    if not draft.labels:
        raise InputError(f"{source}:2: must hold at least one row below the header; has none.")
    for line in draft.notes.lines():
        warnings.warn(f"{source}: {line}", UserWarning, stacklevel=2)
    return Additions(draft.rows(), str(source), sha256_file(path) or "")


def _reader(source: str | Path, loader: str | None, options: dict[str, Any]) -> Any:
    from graphemb.load import LOADERS

    workbook = str(source).lower().endswith((".xlsx", ".xlsm"))
    chosen = loader or ("xlsx" if workbook else "delimited")
    if chosen not in _LOADERS:
        raise ParameterError(
            f"{source}: new nodes are read by {' or '.join(_LOADERS)}; got the loader "
            f"{shown(chosen)}. Make a table with the columns id, label, parent, synonyms."
        )
    if options.get("by_prefix"):
        raise ParameterError(
            f"{source}: by_prefix finds parents among the new nodes alone. Name them in a column."
        )
    return LOADERS[chosen]().set_params(**options)
