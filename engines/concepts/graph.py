"""An ONNX graph, put together node by node."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper

# The oldest that has LayerNormalization, so that older runtimes can read it.
OPSET: Final = 17
IR_VERSION: Final = 8

FLOAT: Final = TensorProto.FLOAT
INT64: Final = TensorProto.INT64
Shape = tuple[int | str, ...]


class Graph:
    """Collects the nodes and constants of one model; tensors are known by their names."""

    def __init__(self) -> None:
        # One message that grows in place: helper.make_model would hold the weights several times over.
        self._model = onnx.ModelProto(ir_version=IR_VERSION, producer_name="darkroom")
        self._model.opset_import.append(helper.make_opsetid("", OPSET))
        self._model.graph.name = "concepts"

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """The name of a constant, float32 or another type."""
        constants = self._model.graph.initializer
        name = f"c{len(constants)}"
        array = np.asarray(value, dtype)
        constants.add(
            name=name,
            dims=array.shape,
            data_type=helper.np_dtype_to_tensor_dtype(array.dtype),
            raw_data=array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes(),
        )
        return name

    def node(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """The name of an operator's output; `name` where it shall be an output of the model."""
        output = name or f"t{len(self._model.graph.node)}"
        self._model.graph.node.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def nodes(self, operator: str, *inputs: str, outputs: int, **attributes: Any) -> list[str]:
        """The names of all outputs of an operator that has several."""
        names = [f"t{len(self._model.graph.node)}_{index}" for index in range(outputs)]
        self._model.graph.node.append(helper.make_node(operator, inputs, names, **attributes))
        return names

    def finish(
        self,
        inputs: Mapping[str, tuple[int, Shape]],
        outputs: Mapping[str, tuple[int, Shape]],
        metadata: Mapping[str, str],
    ) -> bytes:
        """The file's bytes.

        Args:
            inputs: name -> element type and shape; a size with a name is free.
            outputs: likewise.
            metadata: goes into `metadata_props`.
        """
        self._model.graph.input.extend(_values(inputs))
        self._model.graph.output.extend(_values(outputs))
        helper.set_model_props(self._model, dict(metadata))
        content: bytes = self._model.SerializeToString(deterministic=True)
        return content


def _values(tensors: Mapping[str, tuple[int, Shape]]) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in tensors.items()]
