"""Trained weights from a file, put into the author's network: a state_dict, safetensors, or a checkpoint."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from model.errors import CommandError

HOLDERS = ("state_dict", "model_state_dict", "model", "net", "weights")  # where checkpoints keep a state_dict
_PREFIXES = ("module.", "_orig_mod.")  # of DataParallel and of torch.compile
_LISTED = 6


def load_weights(module: nn.Module, path: Path) -> None:
    """Put the weights of a file into a network.

    Args:
        module: Is changed.
        path: A state_dict in either of PyTorch's formats, safetensors, or a checkpoint that holds a state_dict.

    Raises:
        CommandError: The file cannot be read, is a pickled module, or does not fit.
    """
    state = _without_prefix(_state_dict(_read(path), path))
    own = module.state_dict()
    _check_keys(state, own, path)
    _check_shapes(state, own, path)
    try:
        module.load_state_dict(dict(state))
    except RuntimeError as error:
        said = (str(error).strip().splitlines() or [""])[-1].strip()[:200].rstrip(".")
        raise CommandError(
            f"'{path.name}' cannot be put into the network ({said}).",
            "A state_dict holds plain tensors of real numbers.",
            'Save it with torch.save(net.cpu().state_dict(), "weights.pt").',
        ) from error


def _read(path: Path) -> Any:
    if not path.is_file():
        raise CommandError(f"There is no file '{path}'.", "--weights takes a file of weights.", "Give another path.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # these readers raise errors of many kinds
        if "GLOBAL" in str(error) or "Unsupported global" in str(error):
            raise CommandError(
                f"'{path.name}' is a pickled module or holds other objects, and opening it would run its code.",
                "--weights takes a state_dict: tensors alone.",
                "Save one where the network was trained:\n"
                f'    net = torch.load("{path.name}", weights_only=False)\n'
                '    torch.save(net.state_dict(), "weights.pt")',
            ) from error
        text = (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")
        raise CommandError(
            f"'{path.name}' cannot be read as weights ({text}).",
            "--weights takes what torch.save(net.state_dict(), ...) writes, or a safetensors file.",
            "Save the state_dict again.",
        ) from error


def _state_dict(found: Any, path: Path) -> Mapping[str, Tensor]:
    """Return the tensors of a file, out of a checkpoint where it is one."""
    if _is_state(found):
        return cast(Mapping[str, Tensor], found)
    if isinstance(found, Mapping):
        for name in (*HOLDERS, *found):
            if name in found and _is_state(found[name]):
                return cast(Mapping[str, Tensor], found[name])
    keys = f" with the keys {', '.join(map(str, list(found)[:8]))}" if found and isinstance(found, Mapping) else ""
    raise CommandError(
        f"'{path.name}' holds a {type(found).__name__}{keys}.",
        f"It must be a state_dict, or hold one as {', '.join(HOLDERS[:-1])}.",
        'Save it with torch.save(net.state_dict(), "weights.pt").',
    )


def _is_state(found: Any) -> bool:
    return isinstance(found, Mapping) and bool(found) and all(_is_weight(*each) for each in found.items())


def _is_weight(key: Any, value: Any) -> bool:
    return isinstance(key, str) and isinstance(value, Tensor) and not value.is_complex()


def _without_prefix(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    for prefix in _PREFIXES:
        if all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def _check_keys(state: Mapping[str, Tensor], own: Mapping[str, Tensor], path: Path) -> None:
    counters = {key for key in own if key.endswith("num_batches_tracked")}  # old files lack them
    missing = [key for key in own if key not in state and key not in counters]
    unknown = [key for key in state if key not in own]
    if not missing and not unknown:
        return
    lines, left = [], list(unknown)
    for key in missing[:_LISTED]:
        near = difflib.get_close_matches(key, left, 1, 0.4)
        left = [each for each in left if each not in near]
        lines.append(f"    {key:<32}{near[0] if near else '(nothing like it)'}")
    lines += [f"    {'(not in the network)':<32}{key}" for key in left[: max(0, _LISTED - len(lines))]]
    raise CommandError(
        f"'{path.name}' is of another network: {len(missing)} tensors of the network are missing in it, "
        f"and {len(unknown)} of its {len(state)} tensors are not in the network.",
        "Their names must agree. In the network, and nearest to it in the file:\n" + "\n".join(lines) + "\n",
        "Give the weights of this class, or the class of these weights.",
    )


def _check_shapes(state: Mapping[str, Tensor], own: Mapping[str, Tensor], path: Path) -> None:
    wrong = [key for key in own if key in state and state[key].shape != own[key].shape]
    if not wrong:
        return
    lines = [f"    {key:<32}{_shape(own[key]):<20}{_shape(state[key])}" for key in wrong[:_LISTED]]
    raise CommandError(
        f"In '{path.name}' {len(wrong)} tensors have other shapes than in the network.",
        "Shapes must agree. Name, shape in the network, shape in the file:\n" + "\n".join(lines) + "\n",
        "Give the weights of this version of the class (see --args).",
    )


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "one number"
