"""What no room does: wait for another, look anything up, or keep state where two systems would share it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.source import calls, place, room_sources, sources, tree

ROOM_FILES = room_sources()
ALL_FILES = sources("actors", "messages")
MUTATORS = {"append", "add", "update", "clear", "pop", "extend", "insert", "remove", "discard", "setdefault", "popitem"}
MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MUTABLE_MAKERS = {"list", "dict", "set", "defaultdict", "deque", "Counter", "OrderedDict", "count", "Lock", "RLock"}


def waits(root: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that ask a room, or wait for a future."""
    for call in calls(root):
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        is_get = method == "get" and not call.args and {word.arg for word in call.keywords} <= {"timeout"}
        if method == "ask" or is_get:
            yield call


@pytest.mark.parametrize("line", ["address.ask(GetStatus())", "future.get()", "future.get(timeout=1)"])
def test_the_rule_sees_every_way_to_wait(line: str) -> None:
    assert list(waits(ast.parse(line)))


def test_no_room_waits_for_a_room() -> None:
    found = [place(path, call) for path in ROOM_FILES for call in waits(tree(path))]

    assert not found


def test_no_lookup_by_registry_and_no_broadcast_to_all_actors() -> None:
    found = [
        place(path, node)
        for path in ALL_FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Name | ast.Attribute | ast.alias) and _name(node) in ("ActorRegistry", "stop_all")
    ]

    assert not found


def _name(node: ast.Name | ast.Attribute | ast.alias) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else node.name


def shared_state(module: ast.Module) -> Iterator[ast.AST]:
    """Yield what could change at module level: globals, mutable values that are no constants, changed constants."""
    for statement in module.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if names and _is_mutable(value) and not all(name.isupper() or name == "__all__" for name in names):
            yield statement
    yield from (node for node in ast.walk(module) if isinstance(node, ast.Global) or _changes_a_constant(node))


def _is_mutable(value: ast.AST | None) -> bool:
    if isinstance(value, ast.Call):
        maker = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        return maker in MUTABLE_MAKERS
    return isinstance(value, MUTABLE)


def _changes_a_constant(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in MUTATORS and _is_constant(node.func.value)
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
        targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
        return any(isinstance(target, ast.Subscript) and _is_constant(target.value) for target in targets)
    return False


def _is_constant(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id.isupper()


@pytest.mark.parametrize(
    "line",
    ["cache = {}", "seen: set[str] = set()", "def f():\n    global n", "N = []\nN.append(1)", "N = {}\nN['a'] = 1"],
)
def test_the_rule_sees_every_way_to_share_state(line: str) -> None:
    assert list(shared_state(ast.parse(line)))


def test_no_module_holds_state_that_two_systems_would_share() -> None:
    found = [place(path, node) for path in ALL_FILES for node in shared_state(tree(path))]

    assert not found


def test_nothing_of_the_interpreter_is_changed_for_the_host() -> None:
    forbidden = {
        "setswitchinterval",
        "signal",
        "simplefilter",
        "filterwarnings",
        "disable",
        "freeze_gc",
        "setrecursionlimit",
    }
    modules = {"sys", "signal", "warnings", "gc"}
    found = [
        place(path, call)
        for path in [path for path in ALL_FILES if "doors" not in Path(path).parts]
        for call in calls(tree(path))
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in forbidden
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in modules
    ]

    assert not found
