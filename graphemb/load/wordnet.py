"""WordnetLoader: Princeton WordNet's database files (``data.noun`` …)."""

from __future__ import annotations

import re
from pathlib import Path

from graphemb.errors import MissingInputError, ParameterError, shown
from graphemb.files import numbered_lines
from graphemb.load.base import Draft, Loader, Notes
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["WordnetLoader"]

_FILES = {"n": "data.noun", "v": "data.verb", "a": "data.adj", "r": "data.adv"}
_MARKER = re.compile(r"\((a|p|ip)\)$")


class WordnetLoader(Loader):
    """Reads synsets; hypernyms and instance hypernyms are the parents.

    Ids are offset and part of speech (``00001740-n``). The first word of a synset is its label, the
    others EXACT synonyms; the lower bar between words becomes a blank. The gloss is passed over.

    Parameters
    ----------
    pos : str
        Parts of speech, of the letters ``n v a r``. Verbs have circles in some versions, which is
        refused, and adjectives and adverbs have no hypernyms.
    instances : bool
        Whether instance hypernyms (Paris is an instance of a national capital) count as parents.

    References
    ----------
    WordNet 3.0 manual, WNDB(5WN): format of data files.

    """

    def __init__(self, pos: str = "n", instances: bool = True) -> None:
        self.pos, self.instances = pos, instances

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether `path` is a data file of WordNet or a folder with data.noun."""
        if path.is_dir():
            return (path / "data.noun").is_file()
        return path.name in _FILES.values()

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy at `path` and the warnings."""
        if not self.pos or set(self.pos) - set(_FILES):
            raise ParameterError(f"pos: must be letters of 'nvar'; got {shown(self.pos)}.")
        folder = path if path.is_dir() else path.parent
        names = [_FILES[p] for p in self.pos] if path.is_dir() else [path.name]
        draft = Draft(str(path))
        for name in names:
            if not (folder / name).is_file():
                raise MissingInputError(f"{folder}: must hold {name}; it does not.")
            draft.source = str(folder / name)
            for line, text in numbered_lines(folder / name):
                if text and not text.startswith("  "):
                    self._synset(line, text, draft)
        draft.source = str(path)
        return draft.finish("wordnet")

    def _synset(self, line: int, text: str, draft: Draft) -> None:
        # offset, file number, type, number of words (hex), {word, sense}, number of pointers,
        # {symbol, offset, part of speech, source/target} | gloss
        cells = text.partition(" | ")[0].split()
        try:
            n_words = int(cells[3], 16)
            words = cells[4 : 4 + 2 * n_words : 2]
            at = 4 + 2 * n_words
            end = at + 1 + 4 * int(cells[at])
            pointers = [cells[i : i + 4] for i in range(at + 1, end, 4)]
            if not cells[0].isdecimal() or not words or end > len(cells):
                raise ValueError
        except (ValueError, IndexError):
            draft.problem(line, f"must be a synset of WordNet; got {shown(text[:60])}.")
            return
        node = _id(cells[0], cells[2])
        names = [_MARKER.sub("", word).replace("_", " ") for word in words]
        draft.node(node, names[0], line)
        for name in names[1:]:
            draft.synonym(node, Synonym(name, "EXACT", "word"), line)
        for symbol, offset, pos, _ in pointers:
            if symbol == "@" or (symbol == "@i" and self.instances):
                draft.edge(node, _id(offset, pos), line)


def _id(offset: str, pos: str) -> str:
    return f"{offset}-{'a' if pos == 's' else pos}"
