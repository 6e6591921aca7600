"""What is installed from this checkout is whole, and works without it."""

from __future__ import annotations

import ast
import configparser
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import sdn
from sdn import resources

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the checkout, built by way of a source package; the checkout stays as it is."""
    work = tmp_path_factory.mktemp("build")
    shutil.copytree(TOP, work / "sdn", symlinks=True, ignore=shutil.ignore_patterns(".*", "build", "*.egg-info"))
    code = "from setuptools import build_meta as b; print(b.build_sdist('..'))"
    name = _last_line(_python(code, work / "sdn"))
    (work / "unpacked").mkdir()
    subprocess.run(["tar", "-xf", work / name, "-C", work / "unpacked"], check=True)
    (source,) = (work / "unpacked").iterdir()
    name = _last_line(_python("from setuptools import build_meta as b; print(b.build_wheel('../..'))", source))
    return work / name


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel; what the wheel needs is lent from ours."""
    venv = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    site = venv / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin/python"), "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--quiet", str(wheel)], check=True)
    # A plain entry of the path does not run the hook of the editable install that lies there.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return venv / "bin/python"


def test_the_wheel_holds_the_pipeline_the_topologies_and_the_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    mine = {f"sdn/{path.relative_to(TOP)}" for folder in ("flows", "topologies") for path in (TOP / folder).iterdir()}
    modules = {str(path.relative_to(TOP)) for path in (TOP / "sdn").rglob("*.py")}
    schemas = {str(path.relative_to(TOP)) for path in (TOP / "sdn/manifest/schemas").iterdir()}
    assert mine | modules | schemas | {"sdn/py.typed"} == {n for n in names if n.startswith("sdn/")}


def test_it_works_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    code = "import sdn, sdn.resources as r; print(sdn.__file__, *r.flows().iterdir(), *r.topologies().iterdir())"
    found = _python(code, tmp_path, installed).split()
    assert len(found) > 15
    assert all(Path(path).is_relative_to(installed.parents[1]) for path in found)
    sdn_command = installed.with_name("sdn")
    done = subprocess.run([sdn_command, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert sdn.__version__ in done.stdout
    topology = Path(found[-1])
    subprocess.run([sdn_command, "check", topology], cwd=tmp_path, capture_output=True, check=True)
    render = [sdn_command, "render", topology.with_name("two-node.yaml"), "--node", "node1"]
    done = subprocess.run(render, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "table=" in done.stdout


def test_the_checkout_answers_for_its_own_folders() -> None:
    assert resources.flows().resolve() == TOP / "flows"
    assert resources.topologies().resolve() == TOP / "topologies"


def test_what_is_imported_is_named_in_setup_cfg_and_what_is_named_is_imported() -> None:
    imported = {module.split(".")[0] for path in (TOP / "sdn").rglob("*.py") for module in _imports(path)}
    foreign = imported - set(sys.stdlib_module_names) - {"sdn"}
    projects = {project for module in foreign for project in metadata.packages_distributions().get(module, [module])}
    assert {_normal(project) for project in projects} == set(_required("options", "install_requires"))


@pytest.mark.parametrize("extra", ["", "test", "kernel", "bench"])
def test_every_dependency_has_a_lower_bound(extra: str) -> None:
    lines = _lines("options.extras_require", extra) if extra else _lines("options", "install_requires")
    assert [line for line in lines if ">=" not in line] == []


def _python(code: str, folder: Path, python: Path = Path(sys.executable)) -> str:
    done = subprocess.run([python, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


def _lines(section: str, key: str) -> list[str]:
    parser = configparser.ConfigParser()
    parser.read(TOP / "setup.cfg")
    return parser[section][key].split()


def _required(section: str, key: str) -> list[str]:
    return [_normal(line.split(">=")[0]) for line in _lines(section, key)]


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def _imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append(str(node.module))
    return found
