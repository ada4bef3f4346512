"""Pages in flight follow the memory of the GPU."""

from engines.document.pressure import Pressure, Reading


class Gpu:
    """A GPU and a clock that the test drives."""

    def __init__(self) -> None:
        self.used, self.now, self.asked = 50, 0.0, 0

    def readings(self) -> list[Reading]:
        self.asked += 1
        return [Reading("cuda:0", 10, 100), Reading("cuda:1", self.used, 100)]

    def after(self, pressure: Pressure, used: int) -> int:
        self.used, self.now = used, self.now + 1
        return pressure.allowed()


def rule(gpu: Gpu) -> Pressure:
    return Pressure(gpu.readings, most=8, high=0.92, low=0.85, clock=lambda: gpu.now)


def test_pages_are_halved_while_memory_is_short_down_to_one() -> None:
    gpu = Gpu()
    pressure = rule(gpu)
    assert [gpu.after(pressure, 95) for _ in range(5)] == [4, 2, 1, 1, 1]


def test_they_recover_one_by_one_and_stay_in_between() -> None:
    gpu = Gpu()
    pressure = rule(gpu)
    assert gpu.after(pressure, 95) == 4
    assert [gpu.after(pressure, used) for used in (90, 85, 80, 80, 88, 80, 80, 80)] == [4, 4, 5, 6, 6, 7, 8, 8]


def test_the_gpu_is_asked_once_a_second() -> None:
    gpu = Gpu()
    pressure = rule(gpu)
    assert [pressure.allowed() for _ in range(50)] == [8] * 50
    assert gpu.asked == 1


def test_without_a_gpu_nothing_is_limited() -> None:
    now = iter(range(100))
    pressure = Pressure(list, most=8, high=0.92, low=0.85, clock=lambda: float(next(now)))
    assert [pressure.allowed() for _ in range(5)] == [8] * 5
