"""PyTorch's GRU, on the device that jax uses, where PyTorch is installed."""

import importlib.util
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from measuring import timed


def torch_gru(xs: Any, size: int) -> tuple[Callable[[], None] | None, str]:
    """PyTorch's GRU over sequences, forward and backward, members in turn.

    **Arguments:**

    - `xs`: inputs, `[member, time, environment, feature]`.
    - `size`: width of the state.

    **Returns:** a call that waits until the device is done, or None where there is no PyTorch for
    the device; and what to say about it.
    """
    if importlib.util.find_spec("torch") is None:
        return None, "PyTorch is not installed: no peer"
    import torch  # pyright: ignore[reportMissingImports]

    backend = jax.default_backend()
    if backend == "gpu" and not torch.cuda.is_available():
        return None, f"PyTorch {torch.__version__} sees no GPU: no peer"
    device = torch.device("cuda" if backend == "gpu" else "cpu")
    precision = jax.config.jax_default_matmul_precision  # pyright: ignore[reportAttributeAccessIssue]
    torch.backends.cudnn.allow_tf32 = precision == "tensorfloat32"
    torch.backends.cuda.matmul.allow_tf32 = precision == "tensorfloat32"
    inputs = [torch.tensor(np.array(x), device=device, requires_grad=True) for x in xs]
    layers = [torch.nn.GRU(x.shape[-1], size).to(device) for x in inputs]

    def call() -> None:
        for layer, x in zip(layers, inputs, strict=True):
            layer.zero_grad()
            x.grad = None
            (layer(x)[0] ** 2).mean().backward()
        if backend == "gpu":
            torch.cuda.synchronize()

    remark = f"PyTorch {torch.__version__}"
    if backend == "cpu":
        remark += f", {_fastest_threads(torch, call)} threads"
    return call, remark + (", members in turn" if len(xs) > 1 else "")


def _fastest_threads(torch: Any, call: Callable[[], None]) -> int:
    """Sets and returns the number of threads, one or all, that PyTorch is faster with: on a shared
    machine it can lose much by waiting for all."""
    seconds = {}
    for threads in {1, torch.get_num_threads()}:
        torch.set_num_threads(threads)
        call()
        seconds[threads] = min(timed(call) for _ in range(2))
    fastest = min(seconds, key=seconds.__getitem__)
    torch.set_num_threads(fastest)
    return fastest
