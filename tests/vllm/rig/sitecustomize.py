"""Loaded by Python at the start of the rig's vLLM: two things that only a GPU machine has or needs.

- torchvision of the package index is built for CUDA and does not import beside a CPU torch: it registers fakes for two
  operators that its library would declare. They are declared here; vLLM takes only its transforms.
- The vision tower's depth is fixed in vLLM's code. One layer of each part instead of 12 and 24 keeps widths, tokens
  and tiles as they are, and a page takes a second instead of a minute.
"""

import importlib.abc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def _declare_operators() -> None:
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    torch._darkroom_rig = library  # it undeclares them when it is collected


def _flatten_tower(module: Any) -> None:
    build, tower = module._build_sam, module.DeepCLIPVisionTransformer
    make = tower.__init__

    def build_flat(**options: Any) -> Any:
        return build(**{**options, "encoder_depth": 1, "encoder_global_attn_indexes": []})

    def make_flat(self: Any, config: Any, *args: Any, **options: Any) -> None:
        config.num_hidden_layers = 1
        make(self, config, *args, **options)

    module._build_sam, tower.__init__ = build_flat, make_flat


class _Before(importlib.abc.MetaPathFinder):
    """Declares torchvision's operators right before it is imported."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name == "torchvision":
            sys.meta_path.remove(self)
            _declare_operators()
        return None


class _After(importlib.abc.MetaPathFinder):
    """Changes the vision tower right after it is imported."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "vllm.model_executor.models.deepencoder":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def run_and_flatten(module: ModuleType) -> None:
            run(module)
            _flatten_tower(module)

        spec.loader.exec_module = run_and_flatten  # type: ignore[method-assign]
        return spec


sys.meta_path[:0] = [_Before(), _After()]
