"""Tasks and workflows as people write them with flytekit; registered on the double and run there."""

from dataclasses import dataclass

from flytekit import Deck, current_context, task, workflow
from flytekit.exceptions.user import FlyteRecoverableException
from flytekit.types.file import FlyteFile


@dataclass
class Point:
    x: int
    y: float


@task
def add(a: int, b: int) -> int:
    return a + b


@task
def swap(point: Point, names: list[str]) -> tuple[list[str], Point]:
    return names[::-1], Point(x=int(point.y), y=float(point.x))


@task
def fail(text: str) -> int:
    if text:
        raise ValueError(text)
    return 0


@task(retries=2)
def third_time(x: int) -> int:
    import os

    attempt = int(os.environ["FLYTE_ATTEMPT_NUMBER"])
    if attempt < 2:
        raise FlyteRecoverableException(f"attempt {attempt}")
    return x * 10 + attempt


@task
def write(text: str) -> FlyteFile:
    path = current_context().working_directory + "/text.txt"
    with open(path, "w") as file:
        file.write(text)
    return FlyteFile(path)


@task(enable_deck=True)
def read(file: FlyteFile) -> str:
    Deck("words", "<b>a deck of Python's</b>")
    with open(file) as opened:
        return opened.read()


@task
def clean(text: str) -> None:
    print(f"cleaned after {text}")


@workflow
def through_a_file(text: str = "by default") -> str:
    return read(file=write(text=text))


@workflow(on_failure=clean)
def failing(text: str) -> int:
    return fail(text=text)
