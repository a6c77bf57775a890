"""Small files in the published layout of formats that cannot be shipped, all content made up."""

# ruff: noqa: E501 - rows of tables are kept whole
from __future__ import annotations

import json
from pathlib import Path

SKOS_TTL = """\
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix : <http://ex.org/t/> .
:scheme a skos:ConceptScheme ; skos:prefLabel "Toys"@en, "Spielzeug"@de .
:1 a skos:Concept ; skos:prefLabel "toy"@en, "Spielzeug"@de ; skos:topConceptOf :scheme .
:2 a skos:Concept ; skos:prefLabel "ball"@en, "Ball"@de, "bowl"@en-GB ; skos:broader :1 ;
   skos:altLabel "round toy"@en, "Kugel"@de, "sphere" ; skos:hiddenLabel "bal"@en ;
   skos:exactMatch <http://other.org/ball> .
:3 a skos:Concept ; skos:prefLabel "doll"@en ; skos:broader :1, :2 .
:1 skos:narrower :4 .
:4 a skos:Concept ; skos:prefLabel "Nur Deutsch"@de .
:5 a skos:Concept ; skos:prefLabel "old ball"@en ; owl:deprecated true ; dct:isReplacedBy :2 .
"""

SKOS_XML = """\
<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [<!ENTITY skos "http://www.w3.org/2004/02/skos/core#">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:skos="&skos;">
  <skos:Concept rdf:about="http://ex.org/t/1"><skos:prefLabel xml:lang="en">toy</skos:prefLabel>
  </skos:Concept>
  <skos:Concept rdf:about="http://ex.org/t/2"><skos:prefLabel xml:lang="en">ball</skos:prefLabel>
    <skos:broader rdf:resource="http://ex.org/t/1"/></skos:Concept>
</rdf:RDF>
"""

SKOS_NT = """\
<http://ex.org/t/1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://www.w3.org/2004/02/skos/core#Concept> .
<http://ex.org/t/1> <http://www.w3.org/2004/02/skos/core#prefLabel> "toy"@en .
<http://ex.org/t/2> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://www.w3.org/2004/02/skos/core#Concept> .
<http://ex.org/t/2> <http://www.w3.org/2008/05/skos-xl#prefLabel> <http://ex.org/xl/2> .
<http://ex.org/xl/2> <http://www.w3.org/2008/05/skos-xl#literalForm> "ball"@en .
<http://ex.org/t/2> <http://www.w3.org/2004/02/skos/core#broader> <http://ex.org/t/1> .
"""

SKOS_JSONLD = {
    "@context": {
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "broader": {"@id": "skos:broader", "@type": "@id"},
        "label": {"@id": "skos:prefLabel", "@language": "en"},
    },
    "@graph": [
        {"@id": "http://ex.org/t/1", "@type": "skos:Concept", "label": "toy"},
        {"@id": "http://ex.org/t/2", "@type": "skos:Concept", "label": "ball",
         "broader": "http://ex.org/t/1"},
    ],
}  # fmt: skip

OWL_XML = """\
<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:owl="http://www.w3.org/2002/07/owl#" xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"
  xmlns:oio="http://www.geneontology.org/formats/oboInOwl#" xmlns:obo="http://purl.obolibrary.org/obo/">
  <owl:Ontology rdf:about="http://ex.org/o"><owl:imports rdf:resource="http://ex.org/more.owl"/></owl:Ontology>
  <owl:Class rdf:about="http://purl.obolibrary.org/obo/T_1"><rdfs:label>thing</rdfs:label>
    <rdfs:subClassOf rdf:resource="http://www.w3.org/2002/07/owl#Thing"/></owl:Class>
  <owl:Class rdf:about="http://purl.obolibrary.org/obo/T_2"><rdfs:label xml:lang="en">box</rdfs:label>
    <rdfs:label xml:lang="fr">boîte</rdfs:label>
    <rdfs:subClassOf rdf:resource="http://purl.obolibrary.org/obo/T_1"/>
    <rdfs:subClassOf><owl:Restriction><owl:onProperty rdf:resource="http://ex.org/p"/>
      <owl:someValuesFrom rdf:resource="http://purl.obolibrary.org/obo/T_1"/></owl:Restriction></rdfs:subClassOf>
    <oio:hasExactSynonym>crate</oio:hasExactSynonym><oio:hasBroadSynonym>container</oio:hasBroadSynonym>
    <oio:hasAlternativeId>T:9</oio:hasAlternativeId><oio:hasDbXref>X:7</oio:hasDbXref></owl:Class>
  <owl:Axiom><owl:annotatedSource rdf:resource="http://purl.obolibrary.org/obo/T_2"/>
    <owl:annotatedProperty rdf:resource="http://www.geneontology.org/formats/oboInOwl#hasExactSynonym"/>
    <owl:annotatedTarget>crate</owl:annotatedTarget>
    <oio:hasSynonymType rdf:resource="http://purl.obolibrary.org/obo/t#layperson"/></owl:Axiom>
  <owl:Class rdf:about="http://purl.obolibrary.org/obo/T_3"><rdfs:label>obsolete tin</rdfs:label>
    <owl:deprecated rdf:datatype="http://www.w3.org/2001/XMLSchema#boolean">true</owl:deprecated>
    <obo:IAO_0100001 rdf:resource="http://purl.obolibrary.org/obo/T_2"/></owl:Class>
</rdf:RDF>
"""

OBOGRAPHS = {
    "graphs": [
        {
            "id": "http://ex.org/o", "meta": {"version": "v1"},
            "nodes": [
                {"id": "http://purl.obolibrary.org/obo/T_1", "lbl": "thing", "type": "CLASS"},
                {"id": "http://purl.obolibrary.org/obo/T_2", "lbl": "box", "type": "CLASS",
                 "meta": {"synonyms": [
                     {"pred": "hasExactSynonym", "val": "crate", "synonymType": "http://e/t#layperson"},
                     {"pred": "hasBroadSynonym", "val": "container"}],
                     "xrefs": [{"val": "X:7"}],
                     "basicPropertyValues": [{
                         "pred": "http://www.geneontology.org/formats/oboInOwl#hasAlternativeId",
                         "val": "T:9"}]}},
                {"id": "http://purl.obolibrary.org/obo/T_3", "lbl": "obsolete tin", "type": "CLASS",
                 "meta": {"deprecated": True, "basicPropertyValues": [
                     {"pred": "http://purl.obolibrary.org/obo/IAO_0100001",
                      "val": "http://purl.obolibrary.org/obo/T_2"}]}},
                {"id": "http://ex.org/p", "lbl": "part of", "type": "PROPERTY"},
            ],
            "edges": [
                {"sub": "http://purl.obolibrary.org/obo/T_2", "pred": "is_a",
                 "obj": "http://purl.obolibrary.org/obo/T_1"},
                {"sub": "http://purl.obolibrary.org/obo/T_1", "pred": "http://ex.org/p",
                 "obj": "http://purl.obolibrary.org/obo/T_2"},
            ],
        }
    ]
}  # fmt: skip

FHIR = {
    "resourceType": "CodeSystem", "name": "Toys", "title": "Toys", "content": "complete",
    "hierarchyMeaning": "is-a",
    "concept": [
        {"code": "a", "display": "toy", "concept": [
            {"code": "b", "display": "ball", "designation": [
                {"language": "en-GB", "value": "round toy"}, {"language": "de", "value": "Kugel"},
                {"use": {"code": "short"}, "value": "bl"}]}]},
        {"code": "c", "display": "doll", "property": [
            {"code": "parent", "valueCode": "a"}, {"code": "parent", "valueCode": "b"}]},
        {"code": "z", "display": "old ball", "property": [
            {"code": "inactive", "valueBoolean": True}, {"code": "replacedBy", "valueCode": "b"}]},
    ],
}  # fmt: skip

CLAML = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE ClaML SYSTEM "ClaML.dtd">
<ClaML version="2.0.0"><Title name="Toys" version="1">Toys</Title>
<Modifier code="S01"><SubClass code="1"/></Modifier>
<Class code="I" kind="chapter"><SubClass code="A00-A09"/>
  <Rubric kind="preferred"><Label xml:lang="en">Toys</Label></Rubric></Class>
<Class code="A00-A09" kind="block"><SuperClass code="I"/><SubClass code="A00"/>
  <Rubric kind="preferred"><Label xml:lang="de">Bälle</Label><Label xml:lang="en">Balls</Label></Rubric></Class>
<Class code="A00" kind="category"><SuperClass code="A00-A09"/>
  <Rubric kind="preferred"><Label xml:lang="en">Rubber ball</Label></Rubric>
  <Rubric kind="inclusion"><Label xml:lang="en"><Fragment type="item">bouncing</Fragment>
    <Fragment type="item">ball</Fragment></Label></Rubric>
  <Rubric kind="exclusion"><Label xml:lang="en">balloon <Reference code="B1">B1</Reference></Label></Rubric></Class>
</ClaML>
"""

MESH = """\
<?xml version="1.0"?>
<!DOCTYPE DescriptorRecordSet SYSTEM "https://www.nlm.nih.gov/databases/dtd/made_up.dtd">
<DescriptorRecordSet LanguageCode="eng">
<DescriptorRecord DescriptorClass="1"><DescriptorUI>D1</DescriptorUI>
 <DescriptorName><String>Toy</String></DescriptorName>
 <TreeNumberList><TreeNumber>J01</TreeNumber></TreeNumberList>
 <ConceptList><Concept PreferredConceptYN="Y"><ConceptUI>M1</ConceptUI>
  <TermList><Term><TermUI>T1</TermUI><String>Toy</String></Term><Term><TermUI>T2</TermUI><String>Plaything</String></Term></TermList>
 </Concept></ConceptList></DescriptorRecord>
<DescriptorRecord DescriptorClass="1"><DescriptorUI>D2</DescriptorUI>
 <DescriptorName><String>Ball</String></DescriptorName>
 <TreeNumberList><TreeNumber>J01.100</TreeNumber><TreeNumber>J02.5</TreeNumber></TreeNumberList>
 <ConceptList><Concept PreferredConceptYN="Y"><ConceptUI>M2</ConceptUI>
  <TermList><Term><TermUI>T3</TermUI><String>Ball</String></Term></TermList></Concept>
  <Concept PreferredConceptYN="N"><ConceptUI>M3</ConceptUI>
  <ConceptRelationList><ConceptRelation RelationName="NRW"><Concept1UI>M2</Concept1UI><Concept2UI>M3</Concept2UI></ConceptRelation></ConceptRelationList>
  <TermList><Term><TermUI>T4</TermUI><String>Football</String></Term></TermList></Concept>
 </ConceptList></DescriptorRecord>
</DescriptorRecordSet>
"""

WORDNET = """\
  1 This header line and its like begin with two blanks.
00000001 03 n 01 entity 0 000 | all there is
00000010 03 n 02 toy 0 play_thing 0 001 @ 00000001 n 0000 | for play
00000020 03 n 01 ball 0 002 @ 00000010 n 0000 + 00000010 v 0101 | round
00000030 03 n 01 My_Ball 0 001 @i 00000020 n 0000 | mine
"""


def write(path: Path, content: object) -> Path:
    """Write text, bytes, or a value as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.write_bytes(content.encode())
    else:
        path.write_text(json.dumps(content), encoding="utf-8")
    return path


def tabbed(header: str, *rows: str) -> str:
    """Return a tab-separated table with CRLF, as SNOMED International ships them; - is empty."""
    lines = [header, *rows]
    return "".join("\t".join(line.split(";")) + "\r\n" for line in lines)


CONCEPT = "id;effectiveTime;active;moduleId;definitionStatusId"
DESCRIPTION = (
    "id;effectiveTime;active;moduleId;conceptId;languageCode;typeId;term;caseSignificanceId"
)
RELATIONSHIP = (
    "id;effectiveTime;active;moduleId;sourceId;destinationId;relationshipGroup;typeId;"
    "characteristicTypeId;modifierId"
)
LANGUAGE = "id;effectiveTime;active;moduleId;refsetId;referencedComponentId;acceptabilityId"
ASSOCIATION = "id;effectiveTime;active;moduleId;refsetId;referencedComponentId;targetComponentId"
FSN, SYN, US = "900000000000003001", "900000000000013009", "900000000000509007"
PREFERRED, ACCEPTABLE = "900000000000548007", "900000000000549004"


def rf2(folder: Path, view: str = "Snapshot") -> Path:
    """Write a release of four concepts, one of them inactive."""
    end = f"{view}_INT_20260101.txt"
    term, content = folder / "Terminology", folder / "Refset"
    write(term / f"sct2_Concept_{end}", tabbed(
        CONCEPT, "100;20200101;1;m;p", "200;20200101;1;m;p", "300;20200101;1;m;p",
        "400;20190101;1;m;p" if view == "Full" else "400;20200101;0;m;p",
        *(["400;20200101;0;m;p"] if view == "Full" else [])))  # fmt: skip
    write(term / f"sct2_Description_{view}-en_INT_20260101.txt", tabbed(
        DESCRIPTION,
        f"1;20200101;1;m;100;en;{FSN};Toy (physical object);c",
        f"2;20200101;1;m;100;en;{SYN};Toy;c",
        f"3;20200101;1;m;200;en;{FSN};Ball (physical object);c",
        f"4;20200101;1;m;200;en;{SYN};Round \"toy;c",
        f"5;20200101;1;m;200;en;{SYN};Ball toy;c",
        f"6;20200101;0;m;200;en;{SYN};Gone;c",
        f"7;20200101;1;m;300;en;{FSN};Doll (physical object);c",
        f"8;20200101;1;m;400;en;{FSN};Old ball (physical object);c",
        f"9;20200101;1;m;200;de;{SYN};Kugel;c"))  # fmt: skip
    write(term / f"sct2_Relationship_{end}", tabbed(
        RELATIONSHIP, "11;20200101;1;m;200;100;0;116680003;i;s",
        "12;20200101;1;m;300;100;0;116680003;i;s", "13;20200101;1;m;300;200;0;116680003;i;s",
        "14;20200101;1;m;300;100;0;363698007;i;s", "15;20200101;0;m;100;300;0;116680003;i;s"))  # fmt: skip
    write(content / f"der2_cRefset_Language{view}-en_INT_20260101.txt", tabbed(
        LANGUAGE, f"u1;20200101;1;m;{US};2;{PREFERRED}", f"u2;20200101;1;m;{US};5;{PREFERRED}",
        f"u3;20200101;1;m;{US};4;{ACCEPTABLE}"))  # fmt: skip
    write(content / f"der2_cRefset_Association{end}", tabbed(
        ASSOCIATION, "a1;20200101;1;m;900000000000526001;400;200"))  # fmt: skip
    return folder


def umls(folder: Path) -> Path:
    """Write three concepts of two sources, one edge each way, a retired concept."""
    rows = [
        "C1|ENG|P|L1|PF|S1|Y|A1|||T1|SRC1|PT|t1|Toy|0|N||", "C1|ENG|S|L2|PF|S2|Y|A2|||T1|SRC1|SY|t1|Plaything|0|N||",
        "C1|GER|P|L3|PF|S3|Y|A3|||T1|SRC1|SY|t1|Spielzeug|0|N||",
        "C2|ENG|P|L4|PF|S4|Y|A4|||T2|SRC1|PT|t2|Ball|0|N||", "C2|ENG|S|L5|PF|S5|Y|A5|||X2|SRC2|PT|x2|Globe|0|N||",
        "C2|ENG|S|L6|PF|S6|N|A6|||T2|SRC1|OP|t2|Old word|0|O||",
        "C3|ENG|P|L7|PF|S7|Y|A7|||T3|SRC1|PT|t3|Doll|0|N||",
    ]  # fmt: skip
    write(folder / "MRCONSO.RRF", "\n".join(rows) + "\n")
    write(folder / "MRREL.RRF",
          "C2|A4|AUI|PAR|C1|A1|AUI|inverse_isa|R1||SRC1|SRC1|||N||\n"
          "C1|A1|AUI|CHD|C3|A7|AUI|isa|R2||SRC1|SRC1|||N||\n"
          "C1|A1|AUI|RO|C3|A7|AUI|has_part|R3||SRC1|SRC1|||N||\n")  # fmt: skip
    write(folder / "MRCUI.RRF", "C9|2020AA|SY|||C2|Y|\n")
    return folder


def omop(folder: Path, *, ancestors: bool = False) -> Path:
    """Write Athena's tables, with an invalid concept and a raw quote."""
    write(folder / "CONCEPT.csv", tabbed(
        "concept_id;concept_name;domain_id;vocabulary_id;concept_class_id;standard_concept;"
        "concept_code;valid_start_date;valid_end_date;invalid_reason",
        "1;Toy;Thing;VOC;C;S;t1;19700101;20991231;", '2;5" ball;Thing;VOC;C;S;t2;19700101;20991231;',
        "3;Doll;Thing;OTH;C;;d;19700101;20991231;", "4;Old ball;Thing;VOC;C;;t4;19700101;20200101;U"))  # fmt: skip
    write(folder / "CONCEPT_SYNONYM.csv", tabbed(
        "concept_id;concept_synonym_name;language_concept_id", "2;round toy;4180186", "2;Kugel;4182504"))  # fmt: skip
    if ancestors:
        write(folder / "CONCEPT_ANCESTOR.csv", tabbed(
            "ancestor_concept_id;descendant_concept_id;min_levels_of_separation;max_levels_of_separation",
            "1;1;0;0", "1;2;1;1"))  # fmt: skip
    else:
        write(folder / "CONCEPT_RELATIONSHIP.csv", tabbed(
            "concept_id_1;concept_id_2;relationship_id;valid_start_date;valid_end_date;invalid_reason",
            "2;1;Is a;19700101;20991231;", "1;2;Subsumes;19700101;20991231;", "3;1;Is a;19700101;20991231;",
            "4;2;Concept replaced by;19700101;20991231;"))  # fmt: skip
    return folder


def esco(folder: Path, *, relations: bool = True) -> Path:
    """Write ISCO groups and two occupations."""
    uri = "http://data.europa.eu/esco"
    write(folder / "ISCOGroups_en.csv",
          "conceptType,conceptUri,code,preferredLabel,status,altLabels,inScheme,description\n"
          f"ISCOGroup,{uri}/isco/C2,2,Professionals,released,,,\n"
          f"ISCOGroup,{uri}/isco/C26,26,Culture professionals,released,,,\n")  # fmt: skip
    write(folder / "occupations_en.csv",
          "conceptType,conceptUri,iscoGroup,preferredLabel,altLabels,hiddenLabels,status,code\n"
          f'Occupation,{uri}/occupation/aa,26,toy maker,"doll maker\nball maker",toymakr,released,26.1\n'
          f"Occupation,{uri}/occupation/bb,26,old maker,,,obsolete,26.2\n")  # fmt: skip
    if relations:
        write(folder / "broaderRelationsOccPillar_en.csv",
              "conceptType,conceptUri,broaderType,broaderUri\n"
              f"ISCOGroup,{uri}/isco/C26,ISCOGroup,{uri}/isco/C2\n"
              f"Occupation,{uri}/occupation/aa,ISCOGroup,{uri}/isco/C26\n")  # fmt: skip
    return folder
