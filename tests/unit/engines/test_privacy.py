"""What people's pictures are read with tells nobody about it."""

import subprocess
import sys
from pathlib import Path

import pytest

READ = """
import engines.registry
from engines.images import decode
from engines.settings import EngineSettings
settings = EngineSettings(runtime="{runtime}", model_cache="{home}/models")
reader = engines.registry.Engines(settings, "cpu").ocr()
reader.read(decode(open("{picture}", "rb").read(), settings))
"""


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_runtime_notes_nothing_of_its_own_in_the_home_folder(runtime: str, tmp_path: Path) -> None:
    pytest.importorskip(runtime)
    from PIL import Image

    picture, home = tmp_path / "a.png", tmp_path / "home"
    Image.new("RGB", (64, 48), "white").save(picture)
    home.mkdir()
    script = READ.format(runtime=runtime, home=home, picture=picture)
    root = Path(__file__).parents[3]
    env = {"HOME": str(home), "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in home.iterdir() if path.name != "models"] == []
