"""Exporters: mappings to the files that other tools read.

Adding one is a file here and a line in `EXPORTERS`.
"""

from __future__ import annotations

from graphemb.registry import Registry

__all__ = ["EXPORTERS"]

EXPORTERS = Registry(
    "format",
    {
        "conceptmap-r4": "graphemb.export.conceptmap:ConceptMapR4Exporter",
        "conceptmap-r5": "graphemb.export.conceptmap:ConceptMapR5Exporter",
        "csv": "graphemb.export.delimited:CsvExporter",
        "jsonl": "graphemb.export.jsonl:JsonlExporter",
        "parquet": "graphemb.export.parquet:ParquetExporter",
        "snap2snomed": "graphemb.export.snap2snomed:Snap2SnomedExporter",
        "sssom": "graphemb.export.sssom:SssomExporter",
        "stcm": "graphemb.export.stcm:StcmExporter",
        "tsv": "graphemb.export.delimited:TsvExporter",
        "usagi": "graphemb.export.usagi:UsagiExporter",
        "xlsx": "graphemb.export.xlsx:XlsxExporter",
    },
    extras={"parquet": "table", "xlsx": "xlsx"},
)
