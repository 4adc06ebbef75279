"""The network: what torchinfo counts is what the trace records, for one image or many."""

import copy
from collections import OrderedDict

import pytest
import torch
from torch import nn
from torchinfo import summary

from model.dropout.records import DropoutPlan
from model.networks.assignment.network import DROPOUT, IMAGE_SHAPE, PARAMETERS, AssignmentNetwork
from model.trace import dropping, record

Table = dict[str, tuple[tuple[int, ...], int]]  # name -> output shape (C, H, W), number of parameters


@pytest.fixture
def network() -> AssignmentNetwork:
    torch.manual_seed(0)
    return AssignmentNetwork().eval()


def traced_table(network: AssignmentNetwork) -> Table:
    trace = record(network, torch.zeros(1, *IMAGE_SHAPE))
    return {step.name: (step.output.shape, step.parameter_count) for step in trace.steps[:-2]}


def counted_table(network: AssignmentNetwork) -> Table:
    """Ask torchinfo, which knows nothing of our records."""
    layers = summary(network, input_size=(1, *IMAGE_SHAPE), verbose=0).summary_list[1:]
    return {layer.var_name: (tuple(layer.output_size[1:]), layer.num_params) for layer in layers}


def test_torchinfo_counts_what_the_trace_records(network: AssignmentNetwork) -> None:
    assert counted_table(network) == traced_table(network)


@pytest.mark.parametrize(
    "wrong",
    [{"Conv2d-13": ((8, 11, 11), 36)}, {"Conv2d-23": ((32, 1, 1), 330)}, {"MaxPool2d-10": ((16, 10, 10), 0)}],
    ids=str,
)
def test_a_table_with_one_wrong_number_does_not_agree(wrong: Table, network: AssignmentNetwork) -> None:
    assert {**traced_table(network), **wrong} != counted_table(network)


def test_it_has_10066_parameters_and_all_of_them_learn(network: AssignmentNetwork) -> None:
    assert PARAMETERS == 10_066
    assert sum(parameters for _, parameters in traced_table(network).values()) == PARAMETERS
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == PARAMETERS


def test_a_batch_is_scored_as_each_image_alone(network: AssignmentNetwork) -> None:
    images = torch.randn(5, *IMAGE_SHAPE, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        scores = network(images)
        alone = torch.cat([network(image[None]) for image in images])
    assert scores.shape == (5, 10)
    torch.testing.assert_close(scores, alone)


def test_each_step_is_a_module_of_its_own_that_works_on_no_other_s_activation(network: AssignmentNetwork) -> None:
    steps = list(network)
    assert len({id(step) for step in steps}) == len(steps) == 29
    assert not any(getattr(step, "inplace", False) for step in steps)


@pytest.mark.parametrize("p", [0.0, 0.5, DROPOUT])
def test_every_dropout_row_drops_with_the_probability_asked_for(p: float) -> None:
    network = AssignmentNetwork(dropout=p)
    assert [step.p for step in network if isinstance(step, nn.Dropout)] == [p] * 7


def test_a_copy_is_the_network_and_shares_nothing_with_it(network: AssignmentNetwork) -> None:
    """PyTorch's own way to copy is the witness, and a copy that shares is told from one that does not."""
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
    """Return whatever of one network belongs to another, too: modules, numbers, hooks."""

    def parts(network: nn.Module) -> set[int]:
        modules = [*network.modules()]
        dictionaries = {id(value) for module in modules for value in vars(module).values() if isinstance(value, dict)}
        numbers = {values.data_ptr() for values in network.state_dict().values()}
        return {*map(id, modules), *dictionaries, *numbers}

    return parts(one) & parts(other)


def test_a_copy_of_a_copy_draws_as_the_first_would(network: AssignmentNetwork) -> None:
    """What a step holds besides numbers is copied, too: its generator is its own."""
    dropping_rows = dropping(network, DropoutPlan(seed=3))
    other, x = copy.deepcopy(dropping_rows), torch.ones(1, *IMAGE_SHAPE)
    alone = [dropping_rows(x), dropping_rows(x)]
    assert torch.equal(torch.stack([other(x), other(x)]), torch.stack(alone))
    assert not torch.equal(*alone)
