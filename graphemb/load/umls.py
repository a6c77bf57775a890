"""UmlsLoader: UMLS and RxNorm in Rich Release Format."""

from __future__ import annotations

from pathlib import Path

from graphemb.errors import InputError, MissingInputError, ParameterError, shown
from graphemb.files import Archive
from graphemb.load._tables import stream_fields
from graphemb.load.base import Draft, Loader, Notes
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["UmlsLoader"]

#: Fields of MRCONSO and RXNCONSO, which end in a bar: 18 and an empty one.
_CUI, _LAT, _TS, _STT, _ISPREF, _AUI, _SAB, _TTY, _CODE, _STR, _SUPPRESS = (
    0, 1, 2, 4, 6, 7, 11, 12, 13, 14, 16,
)  # fmt: skip
_WIDTH = 19


class UmlsLoader(Loader):
    """Reads names from MRCONSO, parents from MRREL, retired concepts from MRCUI where it is there.

    Nodes are concepts (CUI) or, with ``nodes="code"``, the codes of one source, which keeps that
    source's own hierarchy. The label is the preferred atom (TS = P, STT = PF, ISPREF = Y); further
    atoms become EXACT synonyms whose kind is source and term type (``MSH:ET``). Suppressed and
    obsolete atoms are left out. In MRREL the second concept is the parent where REL is PAR or RELA
    is inverse_isa, the child where REL is CHD or RELA is isa. RxNorm's RXNCONSO and RXNREL are read
    alike.

    Parameters
    ----------
    sab : str
        Source abbreviations to keep, with commas between (``SNOMEDCT_US,MSH``); empty keeps all.
        Hierarchies of several sources together often run in a circle, which is refused: name one.
    language : str
        Language of terms, as MRCONSO writes it.
    nodes : {"cui", "code"}
        What becomes a node; ``code`` needs one `sab`.

    References
    ----------
    UMLS Reference Manual, NLM, chapter 3: MRCONSO.RRF, MRREL.RRF, MRCUI.RRF.

    """

    def __init__(self, sab: str = "", language: str = "ENG", nodes: str = "cui") -> None:
        self.sab, self.language, self.nodes = sab, language, nodes

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether the folder holds MRCONSO.RRF or RXNCONSO.RRF."""
        return path.is_dir() and bool(Archive(path).find(r"(MR|RXN)CONSO\.RRF(\.gz)?"))

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in the folder `path` and the warnings."""
        sources = {s.strip() for s in self.sab.split(",") if s.strip()}
        if self.nodes not in ("cui", "code") or (self.nodes == "code" and len(sources) != 1):
            raise ParameterError(
                f"nodes: must be 'cui', or 'code' with one sab; got {shown(self.nodes)} with "
                f"{len(sources)} sources."
            )
        archive, draft = Archive(path), Draft(str(path))
        owners = self._names(archive, _only(archive, "CONSO"), sources, draft)
        if not draft.labels:
            raise InputError(
                f"{path}: must hold terms of sab {shown(self.sab)} and language "
                f"{shown(self.language)}; found none."
            )
        self._edges(archive, _only(archive, "REL"), sources, owners, draft)
        if self.nodes == "cui":
            self._retired(archive, draft)
        draft.source = str(path)
        return draft.finish(self.sab.replace(",", "+").lower() or "umls")

    def _names(
        self, archive: Archive, name: str, sources: set[str], draft: Draft
    ) -> dict[str, str]:
        """Add a node a concept; return the node of each atom, where codes are the nodes."""
        draft.source = str(archive.path / name)
        fields = (
            _CUI, _LAT, _TS, _STT, _ISPREF, _AUI, _SAB, _TTY, _CODE, _STR, _SUPPRESS,
        )  # fmt: skip
        atoms: dict[str, list[tuple[int, str, str, int]]] = {}
        owners: dict[str, str] = {}
        for line, cells in stream_fields(archive, name, fields, _WIDTH):
            cui, lat, ts, stt, ispref, aui, sab, tty, code, text, suppress = cells
            if (sources and sab not in sources) or suppress not in ("N", ""):
                continue
            node = cui if self.nodes == "cui" else code
            owners[aui] = node
            if lat == self.language:
                rank = (ts != "P") + (stt != "PF") + (ispref != "Y")
                if self.nodes == "code":
                    rank += 4 * (tty not in ("PT", "MH", "HT", "PN"))
                atoms.setdefault(node, []).append((rank, text, f"{sab}:{tty}", line))
        for node, group in atoms.items():
            best = min(group, key=lambda atom: atom[0])
            draft.node(node, best[1], best[3])
            known = {best[1]}
            for _, text, kind, line in group:
                if text not in known:
                    known.add(text)
                    draft.synonym(node, Synonym(text, "EXACT", kind), line)
        return owners

    def _edges(
        self, archive: Archive, name: str, sources: set[str], owners: dict[str, str], draft: Draft
    ) -> None:
        draft.source = str(archive.path / name)
        # CUI1 AUI1 STYPE1 REL CUI2 AUI2 STYPE2 RELA RUI SRUI SAB SL RG DIR SUPPRESS CVF
        for line, cells in stream_fields(archive, name, (0, 1, 3, 4, 5, 7, 10, 14), 17):
            cui1, aui1, rel, cui2, aui2, rela, sab, suppress = cells
            if (sources and sab not in sources) or suppress not in ("N", ""):
                continue
            up, down = rel == "PAR" or rela == "inverse_isa", rel == "CHD" or rela == "isa"
            if up == down:
                continue
            one, two = (cui1, cui2)
            if self.nodes == "code":
                one, two = owners.get(aui1, ""), owners.get(aui2, "")
            child, parent = (one, two) if up else (two, one)
            if child == parent:
                draft.note("edge inside one concept", line, shown(child))
            elif child in draft.labels and parent in draft.labels:
                draft.edges.append((child, parent, line, draft.source))

    @staticmethod
    def _retired(archive: Archive, draft: Draft) -> None:
        """Read MRCUI: CUI1 VER REL RELA MAPREASON CUI2 MAPIN."""
        for name in archive.find(r"MRCUI\.RRF(\.gz)?"):
            draft.source = str(archive.path / name)
            for line, (old, rel, new) in stream_fields(archive, name, (0, 2, 5), 8):
                known = draft.obsolete.get(old, ("", None))[1]
                if old not in draft.labels and known is None:
                    draft.retire(old, "", new if rel == "SY" else None, line)


def _only(archive: Archive, end: str) -> str:
    found = archive.find(rf"(MR|RXN){end}\.RRF(\.gz)?")
    if len(found) != 1:
        raise MissingInputError(
            f"{archive.path}: must hold one MR{end}.RRF (or RXN{end}.RRF); has {len(found)}. "
            "Point at the META folder."
        )
    return found[0]
