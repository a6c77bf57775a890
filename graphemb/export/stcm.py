"""OMOP source_to_concept_map: what an ETL into the Common Data Model reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from graphemb.errors import InputError, ParameterError, Problems, shown
from graphemb.export._omop import Concepts
from graphemb.export.base import Exporter, Losses, Rows, check_date, settled
from graphemb.mappings import MappingSet

__all__ = ["StcmExporter"]

#: Order and names of the OMOP Common Data Model, version 5.4.
COLUMNS = (
    "source_code", "source_concept_id", "source_vocabulary_id", "source_code_description",
    "target_concept_id", "target_vocabulary_id", "valid_start_date", "valid_end_date",
    "invalid_reason",
)  # fmt: skip


class StcmExporter(Exporter):
    """A row a mapping, in the columns and the order of the OMOP CDM's source_to_concept_map.

    A phrase without a match has the target 0 in the vocabulary ``None``, as Usagi writes it.
    Dates are required by the table: 1970-01-01 to 2099-12-31, Usagi's, unless `date` gives the
    first. ``source_code`` is the id column, else the phrase, 50 characters at most.

    Parameters
    ----------
    rows : {"auto", "best", "accepted"}
        See `graphemb.export.base.rows_of`.
    concepts : str, optional
        Athena's CONCEPT.csv, to find the concept id of a code. Without it, nodes must be concept
        ids, whole numbers.
    source_vocabulary, target_vocabulary : str
        OMOP vocabulary ids, 20 characters at most; with `concepts`, the latter chooses the codes.
    date : str, optional
        valid_start_date, YYYY-MM-DD.

    """

    suffix = ".csv"
    cannot_hold = (
        "whether a row was reviewed, its probability, relation, evidence and path",
        "input columns other than id and phrase; descriptions beyond 255 characters",
    )

    def __init__(
        self, rows: Rows = "auto", concepts: str | None = None, source_vocabulary: str = "graphemb",
        target_vocabulary: str = "", date: str | None = None,
    ) -> None:  # fmt: skip
        self.rows = rows
        self.concepts = concepts
        self.source_vocabulary = source_vocabulary
        self.target_vocabulary = target_vocabulary
        self.date = date

    def check(self, nodes: Sequence[str]) -> None:
        """Refuse a taxonomy of codes when there is nothing to find their concept ids in."""
        Concepts.check(self.concepts, nodes)

    def render(self, mappings: MappingSet, losses: Losses) -> bytes:
        """Return the file's bytes."""
        self._check()
        source, problems = mappings.source, Problems("source_to_concept_map")
        rows = list(settled(mappings, self.rows, losses))
        nodes = {row.candidate.node for row in rows if row.candidate is not None}
        concepts = Concepts.of(self.concepts, nodes, self.target_vocabulary, problems)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        codes: dict[str, str] = {}
        done: set[tuple[str, str]] = set()
        for row in rows:
            code = source.cell(row.position, source.id_col) or row.phrase
            if not code.strip():
                losses.add("empty phrase left out: a row needs a source code")
                continue
            if len(code) > 50:
                problems.add(
                    None, f"a source code must have at most 50 characters; {shown(code)} has "
                    f"{len(code)}. Name a column of codes with --id-col.",
                )  # fmt: skip
            if codes.setdefault(code, row.phrase) != row.phrase:
                problems.add(None, f"the source code {shown(code)} stands for two phrases.")
            if len(row.phrase) > 255:
                losses.add("phrase cut to 255 characters", row.phrase)
            concept = concepts.get(row.candidate.node) if row.candidate else concepts.none
            if row.candidate is not None and row.review.decision != "accepted":
                losses.add("suggestion that nobody accepted stands here as a fact", row.phrase)
            if (code, concept.id) in done:
                losses.add("row that stands there already left out", code)
                continue
            done.add((code, concept.id))
            writer.writerow([
                code, "0", self.source_vocabulary, row.phrase[:255], concept.id,
                concept.vocabulary, self.date or "1970-01-01", "2099-12-31", "",
            ])  # fmt: skip
        problems.raise_if_any(InputError)
        return out.getvalue().encode("utf-8")

    def _check(self) -> None:
        if self.rows == "all":
            raise ParameterError("StcmExporter: rows must be auto, best or accepted; got 'all'.")
        for name in ("source_vocabulary", "target_vocabulary"):
            if len(getattr(self, name)) > 20:
                raise ParameterError(
                    f"StcmExporter: {name} must have at most 20 characters; "
                    f"got {shown(getattr(self, name))}."
                )
        check_date("StcmExporter", self.date)
