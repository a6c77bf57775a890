"""The three parts of a Text2Node, made from its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphemb.embed import EMBEDDERS
from graphemb.encode import ENCODERS
from graphemb.encode._word_encoder import WordEncoder
from graphemb.errors import ParameterError
from graphemb.map import NETWORKS

if TYPE_CHECKING:
    from graphemb.embed.base import NodeEmbedder
    from graphemb.map.base import MappingNetwork
    from graphemb.map.text2node import Text2Node

__all__ = ["make_embedder", "make_encoder", "make_network"]


def _made(cls: Any, options: Mapping[str, Any] | None, params: Text2Node) -> Any:
    """Return an instance with `options`; what the class does not know is refused by name.

    Fast training means a third of the epochs, unless they are given.
    """
    given = dict(options or {})
    made = cls().set_params(**given)
    if "random_state" in cls.parameters() and "random_state" not in given:
        made.set_params(random_state=params.random_state)
    if params.fast and "n_epochs" in cls.parameters() and "n_epochs" not in given:
        made.set_params(n_epochs=max(1, made.n_epochs // 3))
    return made


def make_encoder(params: Text2Node) -> WordEncoder:
    """Return the encoder of word vectors that `params` names, not fitted."""
    cls = ENCODERS[params.encoder]
    if not issubclass(cls, WordEncoder):
        words = [name for name in ENCODERS if issubclass(ENCODERS[name], WordEncoder)]
        raise ParameterError(
            f"Text2Node: encoder must give word vectors, one of {', '.join(words)}; "
            f"got {params.encoder!r}."
        )
    made: WordEncoder = _made(cls, params.encoder_options, params)
    return made


def make_embedder(params: Text2Node) -> NodeEmbedder:
    """Return the node embedding that `params` names, not fitted."""
    made: NodeEmbedder = _made(EMBEDDERS[params.node_embedding], params.node_options, params)
    return made


def make_network(params: Text2Node) -> MappingNetwork:
    """Return the mapping network that `params` names, not fitted."""
    made: MappingNetwork = _made(NETWORKS[params.network], params.network_options, params)
    return made
