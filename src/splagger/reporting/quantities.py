"""The quantities of the gradient analysis: what they are called, and how they are drawn."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """Something that has a value for every agent and step."""

    name: str
    """What the analysis calls it."""
    title: str
    """The name for people."""
    axis: str
    """The formula, in short, for beside the vertical axis."""
    logarithmic: bool = False
    """Whether that axis is."""

    @property
    def file_name(self) -> str:
        """The name of its files, without suffix."""
        return self.title.replace(" ", "-")


GRADIENTS = (
    Quantity(
        "initial_input_gradient",
        "initial-input gradient",
        "norm of ∂ sum(y$_t$) / ∂ x$_0$",
        logarithmic=True,
    ),
    Quantity("parameter_gradient", "parameter gradient", "norm of ∂ sum(y$_t$) / ∂ parameters"),
    Quantity(
        "all_inputs_gradient",
        "all-inputs gradient",
        "norm of ∂ sum(y$_{last}$) / ∂ x$_t$",
        logarithmic=True,
    ),
)
"""What `analyse gradients` shows."""

PERMUTATION = (
    Quantity("permutation_difference", "permutation difference", "distance of unit outputs"),
)
"""What `analyse permutation` shows."""

SIGNAL = (
    Quantity("signal_power", "signal power", "mean y$^2$ after a signal"),
    Quantity("noise_power", "noise power", "mean y$^2$ after noise"),
    Quantity("signal_to_noise_ratio", "signal-to-noise ratio", "signal power / noise power"),
    Quantity("output_norm", "output norm", "norm of y"),
    Quantity("normalised_norm", "normalised norm", "norm of y / its mean over time - 1"),
    Quantity(
        "signal_noise_distance", "signal-noise distance", "mean (y$_{signal}$ - y$_{noise}$)$^2$"
    ),
    Quantity("inverse_variance", "inverse variance", "1 / variance of mean y after noise"),
    Quantity("decorrelation", "decorrelation", "1 - correlation after opposite starts"),
    Quantity(
        "gradient_times_ratio", "gradient times ratio", "initial-input gradient × signal-to-noise"
    ),
)
"""What `analyse signal` shows."""
