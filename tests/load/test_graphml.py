"""GraphML as graphs."""

from __future__ import annotations

import networkx as nx
import pytest

from graphemb import Graph, InputError, load_graph

from .graph_files import edges, put, quiet, same


def test_graphml_from_networkx(tmp_path):
    for kind in (nx.Graph, nx.DiGraph):
        g = kind()
        g.add_node("alone é")
        g.add_edge("a b", "c<&>", weight=2.5, colour="red")
        g.add_edge("c<&>", "d")
        nx.write_graphml(g, tmp_path / "g.graphml")
        same(load_graph(tmp_path / "g.graphml"), Graph.from_networkx(g))


def graphml(inside, default="undirected", before=""):
    return (
        f'<?xml version="1.0"?>{before}\n'
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
        '<key id="k" for="edge" attr.name="weight"><default>3</default></key>\n'
        f'<graph edgedefault="{default}">\n<node id="a"/><node id="b"/>\n{inside}\n'
        "</graph></graphml>"
    )


EDGE = '<edge source="a" target="b"/>'


def test_graphml_weights(tmp_path):
    own = graphml(
        '<edge source="a" target="b"><data key="k"> 7 </data><data key="z">x</data></edge>'
    )
    assert edges(load_graph(put(tmp_path, own))) == {("a", "b"): 7}
    assert edges(load_graph(put(tmp_path, graphml(EDGE)))) == {("a", "b"): 3}
    assert edges(load_graph(put(tmp_path, own), weighted=False)) == {("a", "b"): 1}
    assert edges(load_graph(put(tmp_path, own), format="graphml", weight="mass")) == {("a", "b"): 1}
    assert load_graph(put(tmp_path, graphml(EDGE, "directed"))).directed
    assert not load_graph(put(tmp_path, graphml(EDGE, "directed")), directed=False).directed
    file = put(tmp_path, graphml('<edge source="a" target="z"/>'))
    with pytest.warns(UserWarning, match="not declared, added"):
        assert load_graph(file).nodes == ("a", "b", "z")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (graphml(EDGE, before='<!DOCTYPE x [<!ENTITY a "b">]>'), ":1: must not declare"),
        (graphml(EDGE, before='<!DOCTYPE x SYSTEM "http://a/b.dtd">'), ":1: must not declare"),
        (graphml("<edge source='a' target='b'>&xxe;</edge>"), "well-formed XML"),
        (graphml("</graph><graph edgedefault='directed'>"), ":6: must hold one graph"),
        (graphml("<node id='c'><graph edgedefault='directed'/></node>"), "must hold one graph"),
        (graphml(EDGE + "<node id='a'/>"), ":6: the node 'a' comes twice, first on line 5"),
        (graphml("<node id=''/>"), "a node needs an id"),
        (graphml("<hyperedge><endpoint node='a'/></hyperedge>"), "hyperedge"),
        (graphml("<edge source='a'/>"), "needs a source and a target"),
        (graphml("<edge source='a' target='b' directed='true'/>"), "this one says otherwise"),
        (graphml("<edge source='a' target='b'><data key='k'>x</data></edge>"), "must be a number"),
        (graphml("<edge source='a' target='b'><data key='k'>-2</data></edge>"), "from 0 to 3.4e38"),
        (graphml("<edge source='a' target='a'/>"), "self-loops"),
        (graphml(EDGE, "sideways"), "edgedefault must be"),
        (graphml(EDGE)[:-30], "well-formed XML"),
        ("<graphml>" + "<x>" * 50_000, "nested at most 64"),
        ("<graphml></graphml>", "must hold a graph element"),
        ("<html><graphml/></html>", "its root is <html>"),
    ],
)  # fmt: skip
def test_graphml_refused(tmp_path, text, words):
    with pytest.raises(InputError, match=words) as caught:
        quiet(put(tmp_path, text, "g.graphml"))
    assert "g.graphml:" in str(caught.value)
