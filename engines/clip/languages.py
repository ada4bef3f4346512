"""Language tags -> the codes that NLLB's tokenizer puts before a text.

Source: FLORES-200 (the NLLB paper, table of languages). Clients send the tag of their interface, such as `de`,
`pt-BR` or `zh_Hans`.
"""

import logging
from functools import cache
from types import MappingProxyType
from typing import Final

log = logging.getLogger(__name__)

ENGLISH: Final = "eng_Latn"

FLORES_200: Final = MappingProxyType(
    {
        "af": "afr_Latn",
        "am": "amh_Ethi",
        "ar": "arb_Arab",
        "as": "asm_Beng",
        "az": "azj_Latn",
        "be": "bel_Cyrl",
        "bg": "bul_Cyrl",
        "bn": "ben_Beng",
        "bs": "bos_Latn",
        "ca": "cat_Latn",
        "cs": "ces_Latn",
        "cy": "cym_Latn",
        "da": "dan_Latn",
        "de": "deu_Latn",
        "el": "ell_Grek",
        "en": ENGLISH,
        "eo": "epo_Latn",
        "es": "spa_Latn",
        "et": "est_Latn",
        "eu": "eus_Latn",
        "fa": "pes_Arab",
        "fi": "fin_Latn",
        "fil": "tgl_Latn",
        "fo": "fao_Latn",
        "fr": "fra_Latn",
        "ga": "gle_Latn",
        "gl": "glg_Latn",
        "gu": "guj_Gujr",
        "he": "heb_Hebr",
        "hi": "hin_Deva",
        "hr": "hrv_Latn",
        "hu": "hun_Latn",
        "hy": "hye_Armn",
        "id": "ind_Latn",
        "is": "isl_Latn",
        "it": "ita_Latn",
        "ja": "jpn_Jpan",
        "ka": "kat_Geor",
        "kk": "kaz_Cyrl",
        "km": "khm_Khmr",
        "kmr": "kmr_Latn",
        "kn": "kan_Knda",
        "ko": "kor_Hang",
        "ku": "kmr_Latn",
        "ky": "kir_Cyrl",
        "lb": "ltz_Latn",
        "lo": "lao_Laoo",
        "lt": "lit_Latn",
        "lv": "lvs_Latn",
        "mfa": "zsm_Latn",
        "mk": "mkd_Cyrl",
        "ml": "mal_Mlym",
        "mn": "khk_Cyrl",
        "mr": "mar_Deva",
        "ms": "zsm_Latn",
        "mt": "mlt_Latn",
        "my": "mya_Mymr",
        "nb": "nob_Latn",
        "ne": "npi_Deva",
        "nl": "nld_Latn",
        "nn": "nno_Latn",
        "no": "nob_Latn",
        "pa": "pan_Guru",
        "pl": "pol_Latn",
        "ps": "pbt_Arab",
        "pt": "por_Latn",
        "ro": "ron_Latn",
        "ru": "rus_Cyrl",
        "si": "sin_Sinh",
        "sk": "slk_Latn",
        "sl": "slv_Latn",
        "so": "som_Latn",
        "sq": "als_Latn",
        "sr": "srp_Cyrl",
        "sv": "swe_Latn",
        "sw": "swh_Latn",
        "ta": "tam_Taml",
        "te": "tel_Telu",
        "tg": "tgk_Cyrl",
        "th": "tha_Thai",
        "tr": "tur_Latn",
        "uk": "ukr_Cyrl",
        "ur": "urd_Arab",
        "uz": "uzn_Latn",
        "vi": "vie_Latn",
        "yue": "yue_Hant",
        "zh": "zho_Hans",
        "zh-hant": "zho_Hant",
        "zh-hk": "zho_Hant",
        "zh-mo": "zho_Hant",
        "zh-tw": "zho_Hant",
        "zu": "zul_Latn",
    }
)


def flores_code(language: str) -> str:
    """The code of the longest part of a language tag that is known: `pt-BR` is `por_Latn`; English for others."""
    tag = language.strip().replace("_", "-").lower()
    while tag:
        if code := FLORES_200.get(tag):
            return code
        tag = tag.rpartition("-")[0]
    _say_unknown(language[:40])
    return ENGLISH


@cache
def _say_unknown(language: str) -> None:
    log.warning("language %r is not one that NLLB knows: texts are read as English", language)
