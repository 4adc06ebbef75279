"""The network: torchinfo and the trace agree, and copies share nothing."""

import copy
from collections import OrderedDict

import pytest
import torch
from torch import nn
from torchinfo import summary

from model.dropout.records import DropoutPlan
from model.networks.assignment.network import DROPOUT, IMAGE_SHAPE, PARAMETERS, AssignmentNetwork
from model.trace import record, with_dropout

Table = dict[str, tuple[tuple[int, ...], int]]  # name -> output shape (C, H, W), number of parameters


@pytest.fixture
def network() -> AssignmentNetwork:
    torch.manual_seed(0)
    return AssignmentNetwork().eval()


def traced_table(network: AssignmentNetwork) -> Table:
    trace = record(network, torch.zeros(1, *IMAGE_SHAPE))
    return {step.name: (step.output.shape, step.parameter_count) for step in trace.steps[:-2]}


def counted_table(network: AssignmentNetwork) -> Table:
    """Return the table of torchinfo, an independent witness."""
    layers = summary(network, input_size=(1, *IMAGE_SHAPE), verbose=0).summary_list[1:]
    return {layer.var_name: (tuple(layer.output_size[1:]), layer.num_params) for layer in layers}


def test_torchinfo_agrees_with_the_trace(network: AssignmentNetwork) -> None:
    assert counted_table(network) == traced_table(network)


@pytest.mark.parametrize(
    "wrong",
    [{"Conv2d-13": ((8, 11, 11), 36)}, {"Conv2d-23": ((32, 1, 1), 330)}, {"MaxPool2d-10": ((16, 10, 10), 0)}],
    ids=str,
)
def test_torchinfo_check_fails_for_a_wrong_number(wrong: Table, network: AssignmentNetwork) -> None:
    assert {**traced_table(network), **wrong} != counted_table(network)


def test_network_has_10066_trainable_parameters(network: AssignmentNetwork) -> None:
    assert PARAMETERS == 10_066
    assert sum(parameters for _, parameters in traced_table(network).values()) == PARAMETERS
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == PARAMETERS


def test_network_of_a_batch_equals_each_image_alone(network: AssignmentNetwork) -> None:
    images = torch.randn(5, *IMAGE_SHAPE, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        scores = network(images)
        alone = torch.cat([network(image[None]) for image in images])
    assert scores.shape == (5, 10)
    torch.testing.assert_close(scores, alone)


def test_network_has_a_module_for_each_step_and_none_in_place(network: AssignmentNetwork) -> None:
    steps = list(network)
    assert len({id(step) for step in steps}) == len(steps) == 29
    assert not any(getattr(step, "inplace", False) for step in steps)


@pytest.mark.parametrize("p", [0.0, 0.5, DROPOUT])
def test_network_sets_p_of_every_dropout(p: float) -> None:
    network = AssignmentNetwork(dropout=p)
    assert [step.p for step in network if isinstance(step, nn.Dropout)] == [p] * 7


def test_network_copy_is_equal_and_shares_nothing(network: AssignmentNetwork) -> None:
    """PyTorch's own copy is the witness; a shallow copy shows that sharing is detected."""
    network[0].weight.requires_grad_(False)
    network[3].train()
    private = copy.deepcopy(network)
    witness = nn.Sequential(OrderedDict(copy.deepcopy([*network.named_children()])))
    assert described(private) == described(witness)
    assert not shared(network, private)
    assert shared(network, copy.copy(network))


def described(network: nn.Module) -> list[tuple[str, str, bool, list[bool], list[list[float]]]]:
    return [
        (
            name,
            str(module),
            module.training,
            [parameter.requires_grad for parameter in module.parameters(recurse=False)],
            [values.flatten().tolist() for values in module.state_dict().values()],
        )
        for name, module in network.named_children()
    ]


def shared(one: nn.Module, other: nn.Module) -> set[int]:
    """Return the modules, values and dictionaries that two networks share."""

    def parts(network: nn.Module) -> set[int]:
        modules = [*network.modules()]
        dictionaries = {id(value) for module in modules for value in vars(module).values() if isinstance(value, dict)}
        numbers = {values.data_ptr() for values in network.state_dict().values()}
        return {*map(id, modules), *dictionaries, *numbers}

    return parts(one) & parts(other)


def test_network_copy_has_its_own_generators(network: AssignmentNetwork) -> None:
    """The generators of the dropouts are copied too."""
    dropping_network = with_dropout(network, DropoutPlan(seed=3))
    other, x = copy.deepcopy(dropping_network), torch.ones(1, *IMAGE_SHAPE)
    alone = [dropping_network(x), dropping_network(x)]
    assert torch.equal(torch.stack([other(x), other(x)]), torch.stack(alone))
    assert not torch.equal(*alone)
