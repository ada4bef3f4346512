"""A network read at one position -> the same network, which computes no other one where it need not.

A vision transformer's vector is that of its class token. The last block lets it look at all the others; what comes
after that look works on each token by itself, and is computed for one in place of 50. So the `Gather` that takes the
token moves up, ahead of everything that treats each position alike. A last block is three quarters of such work.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import onnx
from onnx import helper, numpy_helper

_OF_ONE: Final = {"Cast", "Erf", "Exp", "Gelu", "Identity", "Neg", "Reciprocal", "Relu", "Sigmoid", "Sqrt", "Tanh"}
_OF_TWO: Final = {"Add", "Sub", "Mul", "Div", "Pow"}
_FEATURES: Final = 2
"""The axis of a token's numbers in [pictures, tokens, numbers], and where tokens come first."""
_PLACE: Final = "early_gather_place"
_FIRST: Final = "early_gather_first"

Sizes = dict[str, tuple[int, ...]]


def gather_early(model: onnx.ModelProto) -> bool:
    """Change a model in place; False where there is nothing to change.

    Args:
        model: its tokens are [batch, tokens, numbers] where one of them is taken.
    """
    nodes, values = list(model.graph.node), _values(model.graph)
    sizes = _sizes(nodes, values)
    pools = [number for number, node in enumerate(nodes) if _takes_one(node, values)]
    if not pools:
        return False
    pool = nodes[pools[-1]]
    moved = _moved(nodes, pools[-1], {given.name for given in model.graph.output}, sizes)
    if not moved:
        return False
    place = numpy_helper.to_array(values[pool.input[1]]).reshape(1)
    model.graph.initializer.extend(
        [numpy_helper.from_array(place, _PLACE), numpy_helper.from_array(np.array(0, np.int64), _FIRST)]
    )
    pool.input[1] = _FIRST
    ordered = _cut(nodes, moved, sizes)
    del model.graph.value_info[:], model.graph.node[:]
    model.graph.node.extend(ordered)
    return True


def _values(graph: onnx.GraphProto) -> dict[str, onnx.TensorProto]:
    """The constants of a graph by name."""
    found = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value":
                found[node.output[0]] = attribute.t
    return found


def _sizes(nodes: Sequence[onnx.NodeProto], values: dict[str, onnx.TensorProto]) -> Sizes:
    """Shapes of the constants, and of those that the graph turns, as it does with the weights of a linear layer."""
    sizes = {name: tuple(tensor.dims) for name, tensor in values.items()}
    for node in nodes:
        if node.op_type == "Transpose" and node.input[0] in sizes:
            turned = sizes[node.input[0]]
            sizes[node.output[0]] = tuple(turned[axis] for axis in _attribute(node, "perm", range(len(turned))[::-1]))
    return sizes


def _takes_one(node: onnx.NodeProto, values: dict[str, onnx.TensorProto]) -> bool:
    index = values.get(node.input[1]) if node.op_type == "Gather" else None
    return index is not None and not index.dims and _attribute(node, "axis", 0) == 1


def _moved(nodes: Sequence[onnx.NodeProto], pool: int, outputs: set[str], sizes: Sizes) -> dict[int, int]:
    """Nodes all of whose readers want one position only, and the axis of positions in what each reads."""
    readers: dict[str, list[int]] = {}
    for number, node in enumerate(nodes):
        for name in node.input:
            readers.setdefault(name, []).append(number)
    moved = {pool: 1}
    for number in reversed(range(pool)):
        made = [name for name in nodes[number].output if name]
        axes = {moved.get(reader) for name in made for reader in readers.get(name, [])}
        if len(made) != 1 or made[0] in outputs or len(axes) != 1:
            continue
        axis = _axis_before(nodes[number], axes.pop(), sizes)
        if axis is not None:
            moved[number] = axis
    del moved[pool]
    return moved


def _axis_before(node: onnx.NodeProto, axis: int | None, sizes: Sizes) -> int | None:
    """The axis of positions in what a node reads; None where it does not treat each position alike."""
    if axis is None:
        return None
    if node.op_type == "Transpose":
        turned = list(_attribute(node, "perm", []))
        return int(turned[axis]) if turned == [1, 0, 2] else None
    return axis if _by_position(node, axis, sizes) else None


def _by_position(node: onnx.NodeProto, axis: int, sizes: Sizes) -> bool:
    """Whether each position of what a node makes comes from the same position of what it reads."""
    if node.op_type in _OF_ONE:
        return True
    if node.op_type in _OF_TWO:
        from_behind = _FEATURES + 1 - axis
        fixed = [sizes[name] for name in node.input if name in sizes]
        return all(len(dims) < from_behind or dims[-from_behind] == 1 for dims in fixed)
    if node.op_type == "MatMul":
        return len(sizes.get(node.input[1], ())) == 2
    if node.op_type == "LayerNormalization":
        return _attribute(node, "axis", -1) in (-1, _FEATURES)
    # The parts of a norm that an older export writes out.
    return node.op_type == "ReduceMean" and list(_attribute(node, "axes", [])) in ([-1], [_FEATURES])


def _cut(nodes: Sequence[onnx.NodeProto], moved: dict[int, int], sizes: Sizes) -> list[onnx.NodeProto]:
    """All nodes in their order; what the moved ones read of others is gathered first."""
    own = {name for number in moved for name in nodes[number].output}
    ordered: list[onnx.NodeProto] = []
    gathered: set[str] = set()
    for number, node in enumerate(nodes):
        for place, name in enumerate(node.input) if number in moved else ():
            if not name or name in own or name in sizes:
                continue
            one = f"{name}_{_PLACE}{moved[number]}"
            if one not in gathered:
                ordered.append(helper.make_node("Gather", [name, _PLACE], [one], axis=moved[number]))
                gathered.add(one)
            node.input[place] = one
        ordered.append(node)
    return ordered


def _attribute(node: onnx.NodeProto, name: str, otherwise: Any) -> Any:
    return next((helper.get_attribute_value(each) for each in node.attribute if each.name == name), otherwise)
