"""The graphs take the weights of the published architectures and no others."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from safetensors.numpy import load_file

from engines.concepts import classifier, labels, sentence, write
from engines.concepts.checkpoint import read_checkpoint
from engines.concepts.wheels import CLASSIFIER, SENTENCES
from engines.settings import EngineSettings

Weights = dict[str, np.ndarray]
LABELS = np.eye(1000, 8, dtype=np.float32)


def build_classifier(weights: Weights) -> bytes:
    return classifier.build(weights, LABELS, {})


def build_sentence(weights: Weights) -> bytes:
    return sentence.build(weights, 512, {})


def classifier_weights() -> Weights:
    return read_checkpoint(CLASSIFIER.verify())


def sentence_weights() -> Weights:
    return load_file(SENTENCES.verify())


MODELS = [
    (build_classifier, classifier_weights, "_blocks.3._depthwise_conv.weight"),
    (build_sentence, sentence_weights, "encoder.layer.5.output.dense.weight"),
]
each_model = pytest.mark.parametrize(("build", "read", "name"), MODELS, ids=["classifier", "sentence"])
Build = Callable[[Weights], bytes]
Read = Callable[[], Weights]


@each_model
def test_a_missing_weight_is_named(build: Build, read: Read, name: str) -> None:
    weights = read()
    del weights[name]
    with pytest.raises(ValueError, match=f"{name} is missing"):
        build(weights)


@each_model
def test_a_weight_of_another_shape_is_named_with_both_shapes(build: Build, read: Read, name: str) -> None:
    weights = read()
    shape = weights[name].shape
    weights[name] = weights[name][1:]
    with pytest.raises(ValueError, match=name) as caught:
        build(weights)
    assert str(shape) in str(caught.value)
    assert str((shape[0] - 1, *shape[1:])) in str(caught.value)


@each_model
def test_a_weight_that_the_architecture_has_not_is_named(build: Build, read: Read, name: str) -> None:
    with pytest.raises(ValueError, match="one_more"):
        build({**read(), "one_more": np.zeros(3, np.float32)})


def test_channels_are_those_of_the_published_lite2() -> None:
    base = (16, 24, 40, 80, 112, 192, 320)
    assert [classifier.scale(channels) for channels in base] == [16, 24, 48, 88, 120, 208, 352]


@pytest.mark.parametrize("tower", [write.text_tower, write.image_tower])
def test_the_files_are_valid_onnx(written: EngineSettings, tower: Callable[[EngineSettings], object]) -> None:
    onnx.checker.check_model(str(tower(written)), full_check=True)


def test_every_class_has_a_short_name_of_its_own() -> None:
    names = labels.read_labels()
    assert len(names) == len(set(names)) == classifier.LABELS
    assert all(name.strip() == name and 0 < len(name.split()) <= 5 for name in names)
    assert (names[0], names[207], names[963], names[999]) == ("tench", "golden retriever dog", "pizza", "toilet paper")
