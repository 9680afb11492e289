"""Between the recorded parameters and states of the published transformer and this package's."""

import numpy as np
from support.parity import Named, load_linear, name_linear

from splagger.foundation.linear import Linear
from splagger.sequence.encoders.attention import Attention, LayerNorm
from splagger.sequence.encoders.overwriting_transformer import (
    OverwritingTransformer,
    PostNormBlock,
    TokenMemory,
)

_ENCODER = "agg.encoder"


def load_transformer(named: Named, *, heads: int, capacity: int) -> OverwritingTransformer:
    """The transformer of recorded parameters, whose shapes do not say how many heads it has."""
    output = load_linear(named, f"{_ENCODER}.output_layer")
    layers = sum(name.endswith(".ff.weight") for name in named)
    return OverwritingTransformer(
        size=output.bias.shape[0],
        capacity=capacity,
        input=load_linear(named, f"{_ENCODER}.input_layer"),
        blocks=tuple(_block(named, _block_name(layer), heads) for layer in range(layers)),
        output=output,
    )


def name_transformer(encoder: OverwritingTransformer) -> Named:
    """The parameters of a transformer, or their gradients, by their recorded names."""
    named = name_linear(f"{_ENCODER}.input_layer", encoder.input)
    named |= name_linear(f"{_ENCODER}.output_layer", encoder.output)
    for layer, block in enumerate(encoder.blocks):
        name = _block_name(layer)
        named[f"{name}.attention.mha.in_proj_weight"] = block.attention.from_tokens.weight.T
        named[f"{name}.attention.mha.in_proj_bias"] = block.attention.from_tokens.bias
        named |= name_linear(f"{name}.attention.mha.out_proj", block.attention.to_tokens)
        named |= name_linear(f"{name}.ff", block.feed_forward)
        for number, norm in ((1, block.attention_norm), (2, block.feed_forward_norm)):
            named[f"{name}.norm{number}.weight"] = norm.scale
            named[f"{name}.norm{number}.bias"] = norm.shift
    return named


def flat_tokens(memory: TokenMemory) -> np.ndarray:
    """A memory as recorded: all tokens one after the other, then their count."""
    tokens = np.asarray(memory.tokens)
    return np.concatenate(
        [tokens.reshape(*tokens.shape[:-2], -1), np.asarray(memory.count)[..., None]], axis=-1
    )


def without_leftovers(hidden: np.ndarray, width: int) -> np.ndarray:
    """A recorded state, zero in the slots that are still to be written.

    After a reset the published system goes on transforming the zeros in them, along with the
    tokens of the longest trial in the batch. Nothing reads what becomes of them.
    """
    tokens, count = hidden[..., :-1], hidden[..., -1:]
    tokens = tokens.reshape(*tokens.shape[:-1], -1, width)
    written = np.arange(tokens.shape[-2]) < count
    tokens = np.where(written[..., None], tokens, 0)
    return np.concatenate([tokens.reshape(*hidden.shape[:-1], -1), count], axis=-1)


def _block_name(layer: int) -> str:
    return f"{_ENCODER}.transformer_layers.{layer}"


def _block(named: Named, name: str, heads: int) -> PostNormBlock:
    attention = f"{name}.attention.mha"
    return PostNormBlock(
        attention=Attention(
            from_tokens=Linear(
                named[f"{attention}.in_proj_weight"].T, named[f"{attention}.in_proj_bias"]
            ),
            to_tokens=load_linear(named, f"{attention}.out_proj"),
            heads=heads,
        ),
        attention_norm=LayerNorm(named[f"{name}.norm1.weight"], named[f"{name}.norm1.bias"]),
        feed_forward=load_linear(named, f"{name}.ff"),
        feed_forward_norm=LayerNorm(named[f"{name}.norm2.weight"], named[f"{name}.norm2.bias"]),
    )
