"""Images in, plain dataclasses out: no HTTP, no queue, no SQL."""

import os
import sys

# The runtimes tell their makers that and what they run, unless this is said before they are imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
