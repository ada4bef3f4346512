"""A device that was asked for is used or refused with a hint, never replaced."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from engines import intel, nvidia, pci
from engines.devices import Device, check_device, detect_gpus, parse_device
from engines.errors import DeviceMissing

Machine = Callable[..., Path]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Play a machine: its device nodes, its cards as (vendor, class), what its libraries say; gives its root."""
    for variable in (nvidia.VISIBLE, nvidia.SHOWN, "CUDA_DEVICE_ORDER"):
        monkeypatch.delenv(variable, raising=False)

    def play(
        *nodes: str,
        cards: tuple[str, ...] = (),
        driver: bool = True,
        providers: tuple[str, ...] = ("CUDAExecutionProvider", "CPUExecutionProvider"),
        openvino: tuple[str, ...] = ("CPU",),
    ) -> Path:
        for node in nodes:
            (tmp_path / "dev" / node).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "dev" / node).touch()
        for number, vendor in enumerate(cards):
            folder = tmp_path / "sys/bus/pci/devices" / f"0000:0{number}:00.0"
            folder.mkdir(parents=True)
            (folder / "vendor").write_text(f"{vendor}\n")
            (folder / "class").write_text("0x030000\n")
        monkeypatch.setattr(nvidia, "_driver_loads", lambda: driver)
        monkeypatch.setattr("onnxruntime.get_available_providers", lambda: list(providers))
        seen = SimpleNamespace(available_devices=list(openvino))
        monkeypatch.setitem(sys.modules, "openvino", SimpleNamespace(Core=lambda: seen, __spec__=object()))
        return tmp_path

    return play


def refused(name: str, root: Path) -> str:
    """What is said and advised when a device is refused."""
    with pytest.raises(DeviceMissing) as raised:
        check_device(name, root)
    assert raised.value.hint
    return f"{raised.value} | {raised.value.hint}"


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("cpu", Device("cpu")),
        (" CPU ", Device("cpu")),
        ("cpu:0-3", Device("cpu", cores=(0, 1, 2, 3))),
        ("cpu:1", Device("cpu", cores=(1,))),
        ("intel:1", Device("intel", index=1)),
        ("cuda:0", Device("cuda")),
        ("cuda", Device("cuda")),
    ],
)
def test_names_are_taken_apart_and_put_together(name: str, device: Device) -> None:
    assert parse_device(name) == device
    assert parse_device(device.name) == device


@pytest.mark.parametrize("name", ["", "gpu", "cpu:3-1", "cuda:x", "cpu:", "intel:-1", "cpu:0-99999"])
def test_a_wrong_name_is_refused_with_the_right_ones(name: str) -> None:
    with pytest.raises(DeviceMissing) as raised:
        check_device(name)
    assert "cuda:0" in (raised.value.hint or "")


def test_the_cpu_is_always_there_and_a_core_too_many_is_not() -> None:
    check_device("cpu")
    check_device(f"cpu:{min(os.sched_getaffinity(0))}")
    with pytest.raises(DeviceMissing, match="no core"):
        check_device(f"cpu:0-{os.cpu_count()}")


def test_a_core_that_the_container_does_not_give_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {4, 5})
    check_device("cpu:4-5")
    with pytest.raises(DeviceMissing) as raised:
        check_device("cpu:0-1")
    assert raised.value.hint == "it may run on 4, 5"


def test_without_a_card_nothing_is_to_be_installed(machine: Machine) -> None:
    root = machine()
    assert "no NVIDIA card is seen" in refused("cuda:0", root)
    assert "no Intel GPU is seen" in refused("intel:0", root)
    assert detect_gpus(root) == []


def test_a_card_without_its_node_wants_a_driver_or_the_containers_option(machine: Machine) -> None:
    root = machine(cards=("0x10de", "0x8086"))
    assert "--gpus all" in refused("cuda:0", root)
    assert "devices: [/dev/dri]" in refused("intel:0", root)


def test_a_sound_card_of_intel_is_no_gpu(machine: Machine) -> None:
    root = machine(cards=("0x8086",))
    (root / "sys/bus/pci/devices/0000:00:00.0/class").write_text("0x040300\n")
    assert not pci.has_card("intel", root)


def test_nvidia_gpus_are_counted_by_their_nodes(machine: Machine) -> None:
    root = machine("nvidia2", "nvidia5", "nvidiactl", "nvidia-uvm", "nvidia-caps/nvidia-cap1")
    assert detect_gpus(root) == ["cuda:0", "cuda:1"]
    assert "cuda:0, cuda:1" in refused("cuda:2", root)


def test_a_limit_on_visible_gpus_counts(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    root = machine("nvidia0", "nvidia1", "nvidia2")
    monkeypatch.setenv(nvidia.VISIBLE, "2,GPU-7f3a,-1,0")
    assert detect_gpus(root) == ["cuda:0", "cuda:1"]
    assert "CUDA_VISIBLE_DEVICES=2,GPU-7f3a,-1,0 limits it" in refused("cuda:2", root)
    monkeypatch.setenv(nvidia.VISIBLE, "")
    assert "may use no GPU" in refused("cuda:0", root)


def test_a_missing_driver_library_and_a_missing_provider_have_their_own_advice(machine: Machine) -> None:
    assert "NVIDIA_DRIVER_CAPABILITIES" in refused("cuda:0", machine("nvidia0", driver=False))
    assert "onnxruntime-gpu" in refused("cuda:0", machine(providers=("CPUExecutionProvider",)))


def test_a_process_that_is_shown_one_gpu_knows_it_as_its_first(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = machine("nvidia0", "nvidia1", "nvidia2")
    monkeypatch.setenv(nvidia.VISIBLE, "GPU-a,GPU-b,GPU-c")
    shown = nvidia.showing([2, 1], root)
    assert shown[nvidia.VISIBLE] == "GPU-b,GPU-c"
    for name, value in shown.items():
        monkeypatch.setenv(name, value)
    check_device("cuda:2", root)
    assert [nvidia.ordinal(index) for index in (1, 2)] == [0, 1]
    assert "cuda:1, cuda:2" in refused("cuda:0", root)


def test_gpus_are_counted_as_nvidia_smi_does_unless_the_user_says_otherwise(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = machine("nvidia0", "nvidia1")
    assert nvidia.showing([1], root) == {nvidia.VISIBLE: "1", nvidia.SHOWN: "1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "FASTEST_FIRST")
    assert nvidia.showing([1], root)["CUDA_DEVICE_ORDER"] == "FASTEST_FIRST"


def test_intel_gpus_are_those_that_openvino_sees(machine: Machine) -> None:
    root = machine("dri/renderD128", "dri/renderD129", openvino=("CPU", "GPU.0", "GPU.1"))
    assert detect_gpus(root) == ["intel:0", "intel:1"]
    assert "intel:0, intel:1" in refused("intel:2", root)


def test_an_intel_gpu_without_its_compute_runtime_says_so(machine: Machine) -> None:
    assert "intel-opencl-icd" in refused("intel:0", machine("dri/renderD128"))


def test_a_node_of_another_maker_is_no_intel_gpu(machine: Machine) -> None:
    root = machine("dri/renderD128", openvino=("CPU", "GPU"))
    folder = root / "sys/class/drm/renderD128/device"
    folder.mkdir(parents=True)
    (folder / "vendor").write_text("0x1002\n")
    assert "no Intel GPU is seen" in refused("intel:0", root)
    (folder / "vendor").write_text("0x8086\n")
    check_device("intel:0", root)


def test_a_node_that_may_not_be_opened_names_its_group(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    root = machine("dri/renderD128", openvino=("CPU", "GPU"))
    group = (root / "dev/dri/renderD128").stat().st_gid
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert f"group_add: ['{group}']" in refused("intel:0", root)


def test_without_openvino_an_intel_gpu_says_what_to_install(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    root = machine("dri/renderD128")
    monkeypatch.setattr(intel, "_installed", lambda: False)
    assert "pip install 'darkroom[openvino]'" in refused("intel:0", root)


def test_beside_nvidia_gpus_that_can_be_used_auto_leaves_intels_alone(machine: Machine) -> None:
    root = machine("nvidia0", "dri/renderD128", openvino=("CPU", "GPU"))
    assert detect_gpus(root) == ["cuda:0"]
    machine(driver=False, openvino=("CPU", "GPU"))
    assert detect_gpus(root) == ["intel:0"]


def test_windows_own_linux_shows_a_gpu_without_a_node(machine: Machine) -> None:
    root = machine("dxg", openvino=("CPU", "GPU"))
    check_device("cuda:0", root)
    check_device("intel:0", root)
