"""The weights that vLLM looks for in a DeepSeek-OCR model, of small layers, with one in each vision tower."""

from collections.abc import Iterator

VOCABULARY = 129_280
WIDTH = 128
LAYERS = 2
EXPERTS = 4


def shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every weight that vLLM looks for, with a vision tower of one layer of each part."""
    yield "model.embed_tokens.weight", (VOCABULARY, WIDTH)
    yield "lm_head.weight", (VOCABULARY, WIDTH)
    yield "model.norm.weight", (WIDTH,)
    yield "model.image_newline", (WIDTH,)
    yield "model.view_seperator", (WIDTH,)
    yield "model.projector.layers.weight", (WIDTH, 2048)
    yield "model.projector.layers.bias", (WIDTH,)
    for layer in range(LAYERS):
        at = f"model.layers.{layer}."
        yield at + "input_layernorm.weight", (WIDTH,)
        yield at + "post_attention_layernorm.weight", (WIDTH,)
        for name in "qkvo":
            yield f"{at}self_attn.{name}_proj.weight", (WIDTH, WIDTH)
        if layer == 0:
            yield from _mlp(at + "mlp.", 2 * WIDTH)
        else:
            yield at + "mlp.gate.weight", (EXPERTS, WIDTH)
            yield from _mlp(at + "mlp.shared_experts.", 64)
            for expert in range(EXPERTS):
                yield from _mlp(f"{at}mlp.experts.{expert}.", 64)
    for name, shape in {**SAM, **CLIP}.items():
        yield name, shape


def _mlp(at: str, inner: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield at + "gate_proj.weight", (inner, WIDTH)
    yield at + "up_proj.weight", (inner, WIDTH)
    yield at + "down_proj.weight", (WIDTH, inner)


def _with_biases(at: str, weights: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    named = {f"{at}{name}.weight": shape for name, shape in weights.items()}
    return named | {f"{at}{name}.bias": shape[:1] for name, shape in weights.items()}


SAM = {
    "model.sam_model.pos_embed": (1, 64, 64, 768),
    **_with_biases("model.sam_model.", {"patch_embed.proj": (768, 3, 16, 16), "neck.1": (256,), "neck.3": (256,)}),
    "model.sam_model.neck.0.weight": (256, 768, 1, 1),
    "model.sam_model.neck.2.weight": (256, 256, 3, 3),
    "model.sam_model.net_2.weight": (512, 256, 3, 3),
    "model.sam_model.net_3.weight": (1024, 512, 3, 3),
    "model.sam_model.blocks.0.attn.rel_pos_h": (27, 64),
    "model.sam_model.blocks.0.attn.rel_pos_w": (27, 64),
    **_with_biases(
        "model.sam_model.blocks.0.",
        {
            "norm1": (768,),
            "norm2": (768,),
            "attn.qkv": (2304, 768),
            "attn.proj": (768, 768),
            "mlp.lin1": (3072, 768),
            "mlp.lin2": (768, 3072),
        },
    ),
}
CLIP = {
    "model.vision_model.embeddings.class_embedding": (1024,),
    "model.vision_model.embeddings.patch_embedding.weight": (1024, 3, 14, 14),
    "model.vision_model.embeddings.position_embedding.weight": (257, 1024),
    **_with_biases("model.vision_model.", {"pre_layrnorm": (1024,)}),
    **_with_biases(
        "model.vision_model.transformer.layers.0.",
        {
            "layer_norm1": (1024,),
            "layer_norm2": (1024,),
            "self_attn.qkv_proj": (3072, 1024),
            "self_attn.out_proj": (1024, 1024),
            "mlp.fc1": (4096, 1024),
            "mlp.fc2": (1024, 4096),
        },
    ),
}
