"""A hypernetwork policy drawn: the latent becomes the weights of the network that acts."""

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.policy_settings import HypernetworkSettings
from splagger.reporting import style
from splagger.reporting.drawings.sheet import BOLD_WIDTH, Sheet

GENERATED_FILL = "#F6E3EC"
"""Layers whose weights are generated."""

GENERATED_COLOUR = style.COLOURS[3]
"""What generates weights, and the weights."""

_HYPER, _POLICY = 0.41, 1.79  # the middles of the two columns, in inches
_LAYER_WIDTH, _LAYER_HEIGHT = 0.8, 0.28
_FIRST, _LAST = 0.5, 2.09  # heights of the embedding and of the policy's head


def draw_hypernetwork(sheet: Sheet, agent: AgentSettings) -> None:
    """Draws the policy of `agent`, which is a hypernetwork's."""
    policy = agent.policy
    assert isinstance(policy, HypernetworkSettings)
    layers = [*(str(size) for size in policy.hidden_sizes), "head"]
    step = (_LAST - _FIRST) / len(layers)
    heights = [_FIRST + step * (number + 1) for number in range(len(layers))]
    low, high = heights[0] - 0.2, heights[-1] + 0.2
    middle = (low + high) / 2
    sheet.box(
        (_HYPER, middle),
        _LAYER_WIDTH,
        high - low,
        fill=GENERATED_FILL,
        edge=GENERATED_COLOUR,
        line_width=BOLD_WIDTH,
    )
    sheet.text((_HYPER, middle + 0.09), "hyper-")
    sheet.text((_HYPER, middle - 0.09), "network")
    sheet.box((_HYPER, _FIRST), _LAYER_WIDTH, _LAYER_HEIGHT, f"latent {2 * agent.latent_size}")
    sheet.arrow((_HYPER, _FIRST + _LAYER_HEIGHT / 2), (_HYPER, low))
    sheet.text((_POLICY, 0.09), "observation")
    words = str(policy.observation_embedding)
    sheet.box((_POLICY, _FIRST), _LAYER_WIDTH, _LAYER_HEIGHT, words)
    sheet.arrow((_POLICY, 0.18), (_POLICY, _FIRST - _LAYER_HEIGHT / 2))
    below = _FIRST
    for y, words in zip(heights, layers, strict=True):
        sheet.arrow((_POLICY, below + _LAYER_HEIGHT / 2), (_POLICY, y - _LAYER_HEIGHT / 2))
        sheet.box((_POLICY, y), _LAYER_WIDTH, _LAYER_HEIGHT, words, fill=GENERATED_FILL)
        sheet.arrow(
            (_HYPER + _LAYER_WIDTH / 2, y),
            (_POLICY - _LAYER_WIDTH / 2, y),
            colour=GENERATED_COLOUR,
            width=BOLD_WIDTH,
        )
        below = y
    sheet.arrow((_POLICY, below + _LAYER_HEIGHT / 2), (_POLICY, below + 0.36))
    sheet.text((_POLICY, below + 0.45), "action")
    sheet.text(((_HYPER + _POLICY) / 2, below + 0.11), "weights")
