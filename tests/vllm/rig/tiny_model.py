"""`python tiny_model.py FOLDER`: a model of DeepSeek-OCR's architecture that says what transcripts.py says.

Runs in the rig's own environment, which has numpy and tokenizers. The shapes are those that vLLM's
`DeepseekOCRForCausalLM` loads, with a small language model. All its layers are zero, so the hidden state of a position
is its token's embedding, and the output matrix holds for each token the one that follows it: greedy decoding walks
along the transcript. For that every place in a transcript has a token of its own, told from others of the same text
by a mark that the decoder takes away again.
"""

import itertools
import json
import re
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tiny_shapes import EXPERTS, LAYERS, VOCABULARY, WIDTH, shapes
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transcripts import SCRIPTS

CONTEXT = 8192
BEGIN, END, PAD = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>"
# Where DeepSeek-OCR's own tokenizer has them.
MARKUP = {
    128815: "<image>",
    128816: "<|ref|>",
    128817: "<|/ref|>",
    128818: "<|det|>",
    128819: "<|/det|>",
    128820: "<|grounding|>",
    128821: "<td>",
    128822: "</td>",
    128823: "<tr>",
    128824: "</tr>",
}
SHOWN = ("<td>", "</td>", "<tr>", "</tr>")  # the others vanish unless they are asked for
HIDDEN = ("<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>")
PIECE = re.compile("|".join(map(re.escape, HIDDEN)) + r"|</?t[dr]>|\s*[^\s<]+|\s+|<")
FIRST_PROMPT, FIRST_PIECE = 900, 1000


@dataclass
class Plan:
    """Attributes: pieces: token -> its text; prompts: token -> prompt; after: token -> the one that follows."""

    pieces: dict[int, str] = field(default_factory=dict)
    prompts: dict[int, str] = field(default_factory=dict)
    after: dict[int, int] = field(default_factory=dict)

    @classmethod
    def make(cls) -> "Plan":
        plan = cls()
        for number, (prompt, (once, again)) in enumerate(SCRIPTS.items()):
            tokens = [plan.add(piece) for piece in PIECE.findall(once)]
            circle = [plan.add(piece) for piece in PIECE.findall(again)]
            plan.prompts[FIRST_PROMPT + number] = prompt
            walk = [FIRST_PROMPT + number, *tokens, *circle, circle[0] if circle else 1]
            plan.after.update(itertools.pairwise(walk))
        return plan

    def add(self, piece: str) -> int:
        token = FIRST_PIECE + len(self.pieces)
        self.pieces[token] = piece
        return token


def byte_letters() -> dict[int, str]:
    """The letter that byte-level tokenizers write for each byte."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in shown]
    return {**{byte: chr(byte) for byte in shown}, **{byte: chr(256 + n) for n, byte in enumerate(others)}}


def make_tokenizer(plan: Plan) -> Tokenizer:
    letters = byte_letters()
    texts = {0: BEGIN, 1: END, 2: PAD, **{3 + n: letter for n, letter in enumerate(sorted(letters.values()))}, **MARKUP}
    for token, piece in plan.pieces.items():
        text = piece if piece in HIDDEN else "".join(letters[byte] for byte in piece.encode())
        texts[token] = f"{text}⟦{token}⟧"
    texts.update(plan.prompts)
    vocabulary = {texts.get(token, f"unused{token}"): token for token in range(VOCABULARY)}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[], fuse_unk=False))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.Sequence([decoders.Replace(Regex("⟦[0-9]+⟧"), ""), decoders.ByteLevel()])
    special = [BEGIN, END, PAD, *(text for text in MARKUP.values() if text not in SHOWN)]
    special += [texts[token] for token, piece in plan.pieces.items() if piece in HIDDEN]
    made.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in special])
    made.add_tokens([AddedToken(text, normalized=False) for text in SHOWN])
    made.add_tokens([AddedToken(text, normalized=False, rstrip=True) for text in plan.prompts.values()])
    return made


def language() -> dict[str, Any]:
    return {
        "architectures": ["DeepseekV2ForCausalLM"],
        "bos_token_id": 0,
        "eos_token_id": 1,
        "first_k_dense_replace": 1,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "kv_lora_rank": None,
        "lm_head": True,
        "max_position_embeddings": CONTEXT,
        "moe_intermediate_size": 64,
        "n_group": 1,
        "n_routed_experts": EXPERTS,
        "n_shared_experts": 1,
        "num_attention_heads": 2,
        "num_experts_per_tok": 2,
        "num_hidden_layers": LAYERS,
        "num_key_value_heads": 2,
        "q_lora_rank": None,
        "qk_nope_head_dim": 0,
        "qk_rope_head_dim": 0,
        "rm_head": False,
        "topk_group": 1,
        "topk_method": "greedy",
        "torch_dtype": "bfloat16",
        "use_mla": False,
        "v_head_dim": 0,
        "vocab_size": VOCABULARY,
    }


def config() -> dict[str, Any]:
    clip = {"heads": 16, "image_size": 224, "layers": 24, "patch_size": 14, "width": 1024}
    sam = {"downsample_channels": [512, 1024], "global_attn_indexes": [2, 5, 8, 11]}
    sam |= {"heads": 12, "layers": 12, "width": 768}
    outer = {name: value for name, value in language().items() if name != "architectures"}
    return {
        **outer,
        "architectures": ["DeepseekOCRForCausalLM"],
        "model_type": "deepseek_vl_v2",
        "candidate_resolutions": [[1024, 1024]],
        "global_view_pos": "head",
        "tile_tag": "2D",
        "language_config": language(),
        "projector_config": {
            "input_dim": 2048,
            "model_type": "mlp_projector",
            "n_embed": WIDTH,
            "projector_type": "linear",
        },
        "vision_config": {
            "image_size": 1024,
            "mlp_ratio": 3.7362,
            "model_name": "deeplip_b_l",
            "model_type": "vision",
            "width": {"clip-l-14-224": clip, "sam_vit_b": sam},
        },
        "transformers_version": "4.46.3",
    }


PROCESSOR = {
    "processor_class": "DeepseekVLV2Processor",
    "add_special_token": False,
    "candidate_resolutions": [[1024, 1024]],
    "downsample_ratio": 4,
    "ignore_id": -100,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "image_token": "<image>",
    "mask_prompt": False,
    "normalize": True,
    "pad_token": PAD,
    "patch_size": 16,
    "sft_format": "deepseek",
}
TOKENIZER = {
    "tokenizer_class": "LlamaTokenizerFast",
    "bos_token": BEGIN,
    "eos_token": END,
    "pad_token": PAD,
    "unk_token": None,
    "add_bos_token": False,
    "add_eos_token": False,
    "clean_up_tokenization_spaces": False,
    "model_max_length": CONTEXT,
}


def chain(plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings and output matrix, float32 [vocabulary, width], that lead from each token to the next."""
    random = np.random.default_rng(11)
    embeddings = np.repeat(random.choice([-1.0, 1.0], (1, WIDTH)), VOCABULARY, axis=0).astype(np.float32)
    output = np.zeros_like(embeddings)
    output[FIRST_PIECE] = embeddings[0]  # after a prompt that nobody knows
    for token, following in plan.after.items():
        embeddings[token] = random.choice([-1.0, 1.0], WIDTH)
        output[following] += embeddings[token]
    for token, following in plan.after.items():
        if int((output @ embeddings[token]).argmax()) != following:
            raise SystemExit("two transcripts come too close; take another seed")
    return embeddings, output


def write_weights(path: Path, plan: Plan) -> None:
    """A safetensors file that is a hole but for the chain and the ones of the norms."""
    embeddings, output = chain(plan)
    values = {"model.embed_tokens.weight": embeddings, "lm_head.weight": output}
    header: dict[str, Any] = {}
    at = 0
    for name, shape in shapes():
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        start = file.tell()
        file.truncate(start + at)
        for name, shape in shapes():
            value = values.get(name, np.ones(shape, np.float32) if name.endswith("norm.weight") else None)
            if value is not None:
                file.seek(start + header[name]["data_offsets"][0])
                # The upper half of a float32 is a bfloat16.
                file.write((np.ascontiguousarray(value, np.float32).view(np.uint32) >> 16).astype("<u2").tobytes())


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan.make()
    make_tokenizer(plan).save(str(folder / "tokenizer.json"))
    for name, content in {"tokenizer_config": TOKENIZER, "processor_config": PROCESSOR, "config": config()}.items():
        text = json.dumps(content, indent=1, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    write_weights(folder / "model.safetensors", plan)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
