"""A text tower whose export fixes the length of its texts -> the same network for texts of any length up to that.

Exporters write a tower for the full context, and pad every text to it: 77 positions are computed for a search of five
words. The length stands in the file as a number in shapes, and as a side of tables (places, causal mask). Numbers are
replaced by the length of what comes in, tables are cut to it. Whether that is right for a network is not to be seen
from its graph: `trimmed` compares what both say.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

# Constants with more numbers than a tensor has sides are data, not shapes.
_MOST_SIDES: Final = 8
_LENGTH: Final = "free_length"
_LENGTH_1D: Final = "free_length_1d"


def free(model: onnx.ModelProto, context: int) -> None:
    """Change a model in place.

    Args:
        model: a text tower, its inputs [batch, context].
        context: the length that its export is made for.
    """
    graph = model.graph
    for given in graph.input:
        length = given.type.tensor_type.shape.dim[1]
        length.Clear()
        length.dim_param = _LENGTH
    del graph.value_info[:]
    made = _length_of(graph.input[0].name)
    renamed: dict[str, str] = {}
    for name, value in _constants(graph):
        nodes = list(_shape(name, value, context) if _is_shape(value, context) else _table(name, value, context))
        if nodes:
            renamed[name] = nodes[-1].output[0]
            made.extend(nodes)
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
    constants = [node for node in graph.node if node.op_type == "Constant"]
    others = [node for node in graph.node if node.op_type != "Constant"]
    del graph.node[:]
    graph.node.extend([*constants, *made, *others])


def _constants(graph: onnx.GraphProto) -> Iterator[tuple[str, NDArray[Any]]]:
    for tensor in graph.initializer:
        yield tensor.name, numpy_helper.to_array(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value":
                yield node.output[0], numpy_helper.to_array(attribute.t)


def _length_of(name: str) -> list[onnx.NodeProto]:
    place = numpy_helper.from_array(np.array([1], np.int64), f"{_LENGTH}_place")
    return [
        helper.make_node("Constant", [], [place.name], value=place),
        helper.make_node("Shape", [name], [f"{_LENGTH}_shape"]),
        helper.make_node("Gather", [f"{_LENGTH}_shape", place.name], [_LENGTH_1D]),
        helper.make_node("Squeeze", [_LENGTH_1D], [_LENGTH]),
    ]


def _is_shape(value: NDArray[Any], context: int) -> bool:
    small = value.ndim == 0 or (value.ndim == 1 and value.size <= _MOST_SIDES)
    return value.dtype == np.int64 and small and bool((value == context).any())


def _shape(name: str, value: NDArray[Any], context: int) -> Iterator[onnx.NodeProto]:
    """The same numbers, and the length where the context stood."""
    where = numpy_helper.from_array(value == context, f"{name}_where")
    yield helper.make_node("Constant", [], [where.name], value=where)
    yield helper.make_node("Where", [where.name, _LENGTH if value.ndim == 0 else _LENGTH_1D, name], [f"{name}_free"])


def _table(name: str, value: NDArray[Any], context: int) -> Iterator[onnx.NodeProto]:
    """The part of it that belongs to the positions in use; nothing where no side is the context."""
    for side in (side for side, size in enumerate(value.shape) if size == context):
        start, axis = f"{name}_start{side}", f"{name}_axis{side}"
        for constant, number in ((start, 0), (axis, side)):
            tensor = numpy_helper.from_array(np.array([number], np.int64), constant)
            yield helper.make_node("Constant", [], [constant], value=tensor)
        yield helper.make_node("Slice", [name, start, _LENGTH_1D, axis], [f"{name}_cut{side}"])
        name = f"{name}_cut{side}"
