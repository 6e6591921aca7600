"""The tree is what docs/architecture.md says: imports point down, the pure half is pure, flows are text in flows/."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import sdn

LAYERS = (
    ("errors", "resources"),
    ("model",),
    ("manifest",),
    ("plan", "expect"),
    ("pipeline",),
    ("host",),
    ("ovs",),
    ("openflow",),
    ("controller",),
    ("lab",),
    ("verify",),
    ("api",),
    ("cli",),
)
RANK = {part: rank for rank, layer in enumerate(LAYERS) for part in layer}
PURE = ("errors", "resources", "model", "manifest", "plan", "expect", "pipeline")
EFFECTS = {
    *("asyncio", "concurrent", "fcntl", "multiprocessing", "select", "selectors", "signal", "socket", "subprocess"),
    *("tempfile", "threading", "time", "os_ken", "pyroute2", "scapy", "starlette", "uvicorn", "click", "rich"),
}
FLOW_TEXT = re.compile(r"\bactions=|\bgoto_table\b|\bresubmit\(|\bNXM_NX_|\bct\(commit")
DUMP_READERS = ("sdn.verify.oracle",)  # they read what a switch prints
LONGEST_MODULE = 300

Sources = Mapping[str, str]


def product() -> dict[str, str]:
    """Every module of the product by its dotted name."""
    top = Path(sdn.__file__).parent
    paths = [path for path in top.rglob("*.py") if not {"flows", "topologies"} & set(path.relative_to(top).parts)]
    return {module_name(path.relative_to(top.parent)): path.read_text() for path in paths}


def module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def nodes(source: str) -> tuple[ast.AST, ...]:
    """Every node of a module's syntax tree, the module itself first."""
    return tuple(ast.walk(ast.parse(source)))


def imports(module: str, sources: Sources) -> Iterator[str]:
    """What a module imports, wherever it does: a module's dotted name, of ours or not."""
    for node in nodes(sources[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield f"{module}: relative"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                ours = str(node.module).split(".")[0] == "sdn"
                yield inner if inner in sources or not ours else str(node.module)


def part(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def upward(sources: Sources) -> list[str]:
    """Imports that do not point down, or go from plan to expect or back."""
    wrong = []
    for module in sources:
        for target in imports(module, sources):
            ours, theirs = part(module), part(target) if target.startswith("sdn.") else ""
            if not ours or not theirs or ours == theirs:
                continue
            if ours not in RANK or theirs not in RANK or RANK[theirs] >= RANK[ours]:
                wrong.append(f"{module} imports {target}")
    return wrong


def relative(sources: Sources) -> list[str]:
    """Imports that do not name the whole module: the other rules could not see them."""
    return [module for module in sources if any(": relative" in target for target in imports(module, sources))]


def cycles(sources: Sources) -> list[str]:
    """A way from a module back to itself."""
    graph = {module: {t for t in imports(module, sources) if t in sources} for module in sources}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def impure(sources: Sources) -> list[str]:
    """Imports of the pure half that could have an effect, or see the clock."""
    return [
        f"{module} imports {target}"
        for module in sources
        if part(module) in PURE
        for target in imports(module, sources)
        if target.split(".")[0] in EFFECTS
    ]


def stray_openflow(sources: Sources) -> list[str]:
    """os-ken outside openflow and controller, its OpenFlow messages outside openflow, flows built in two modules."""
    wrong = []
    for module in sources:
        for target in imports(module, sources):
            home = ("openflow",) if target.startswith("os_ken.ofproto") else ("openflow", "controller")
            if target.startswith("os_ken") and part(module) not in home:
                wrong.append(f"{module} imports {target}")
    builders = [module for module, source in sources.items() if "OFPFlowMod(" in source]
    return wrong + (builders if len(builders) > 1 else [])


def stray_flow_text(sources: Sources) -> list[str]:
    """Strings that hold OpenFlow matches or actions, outside the parts that read and encode them."""
    wrong = []
    for module, source in sources.items():
        if part(module) in ("pipeline", "openflow") or module in DUMP_READERS:
            continue
        docs = {id(node.value) for node in nodes(source) if isinstance(node, ast.Expr)}
        for node in nodes(source):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                wrong += [f"{module}:{node.lineno}: {text}" for text in FLOW_TEXT.findall(node.value)]
    return wrong


def too_long(sources: Sources) -> list[str]:
    return [module for module, source in sources.items() if source.count("\n") > LONGEST_MODULE]


def dishonest(sources: Sources) -> list[str]:
    """Packages whose `__all__` leaves out what they gather from their modules, or names what they do not have."""
    wrong = []
    for module, source in sources.items():
        tree = ast.parse(source)
        named, bound, gathered = exported(tree), set(), set()
        for node in tree.body:
            if isinstance(node, ast.ImportFrom):
                names = {alias.asname or alias.name for alias in node.names}
                bound |= names
                gathered |= names if str(node.module).startswith(f"{module}.") else set()
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                bound.add(node.name)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                bound |= {target.id for target in targets if isinstance(target, ast.Name)}
        gathered = {name for name in gathered if not name.startswith("_")}
        wrong += [f"{module} lacks {name}" for name in sorted((named or set()) - bound)]
        wrong += [f"{module} hides {name}" for name in sorted(gathered - (named or set()))]
    return wrong


def exported(tree: ast.Module) -> set[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and [t.id for t in node.targets if isinstance(t, ast.Name)] == ["__all__"]:
            return set(ast.literal_eval(node.value))
    return None


RULES = (upward, relative, cycles, impure, stray_openflow, stray_flow_text, too_long, dishonest)

BROKEN = [
    (upward, {"sdn.model.a": "from sdn.plan import address", "sdn.plan.address": ""}),
    (upward, {"sdn.plan.a": "def f():\n    from sdn import expect", "sdn.expect": ""}),
    (upward, {"sdn.expect.a": "import sdn.plan.address", "sdn.plan.address": ""}),
    (upward, {"sdn.novel.a": "import sdn.errors", "sdn.errors": ""}),
    (relative, {"sdn.plan.a": "from .address import x"}),
    (cycles, {"sdn.plan": "from sdn.plan.a import x", "sdn.plan.a": "from sdn.plan import y"}),
    (cycles, {"sdn.lab.a": "import sdn.lab.b", "sdn.lab.b": "def f():\n    from sdn.lab import a"}),
    (impure, {"sdn.plan.a": "import subprocess"}),
    (impure, {"sdn.pipeline.a": "from time import monotonic"}),
    (impure, {"sdn.expect.a": "import scapy.layers.l2"}),
    (stray_openflow, {"sdn.lab.a": "from os_ken.lib import hub"}),
    (stray_openflow, {"sdn.controller.a": "from os_ken.ofproto import ofproto_v1_4_parser"}),
    (stray_openflow, {"sdn.openflow.a": "p.OFPFlowMod(d)", "sdn.openflow.b": "p.OFPFlowMod(d)"}),
    (stray_flow_text, {"sdn.lab.a": "x = f'table=0, ip, actions={y}'"}),
    (stray_flow_text, {"sdn.ovs.a": "x = 'goto_table:3'"}),
    (too_long, {"sdn.lab.a": "x = 1\n" * (LONGEST_MODULE + 1)}),
    (dishonest, {"sdn.plan": "from sdn.plan.a import b, c\n__all__ = ['b']", "sdn.plan.a": ""}),
    (dishonest, {"sdn.plan": "from sdn.plan.a import b\n__all__ = ['b', 'c']", "sdn.plan.a": ""}),
    (dishonest, {"sdn.plan": "from sdn.plan.a import b", "sdn.plan.a": ""}),
]


@pytest.mark.parametrize("rule", RULES)
def test_the_product_keeps(rule) -> None:
    assert rule(product()) == []


@pytest.mark.parametrize(("rule", "sources"), BROKEN)
def test_what_breaks_a_rule_is_seen(rule, sources) -> None:
    assert rule(sources) != []


def test_every_part_has_its_place() -> None:
    assert {part(module) for module in product()} - {""} == set(RANK)
