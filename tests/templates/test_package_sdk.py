"""The SDK in the Lambda package: only what the functions use of it, which works as the whole SDK does."""

from __future__ import annotations

import ast
import gzip
import io
import json
import shutil
import zipfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore
import pytest
from botocore.loaders import create_loader
from botocore.model import ServiceModel
from botocore.session import Session

from hub.package import Package, PackageInvalid, package
from hub.package.sdk import reduced
from hub.runtime import sdk
from hub.runtime.sdk import MEMBERS, OPERATIONS, Member, UnsuitableSdk
from tests.support.aws.packaged import run_alone
from tests.support.build import ROOT, example_policy

RUNTIME = ROOT / "hub" / "runtime"
# A region of each partition in which AWS has all of these services, and the global endpoints' own.
REGIONS = ("eu-central-1", "us-east-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1")


@pytest.fixture(scope="module")
def zipped(built: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("zip") / built.key
    path.write_bytes(built.content)
    return path


def test_handlers_import_from_the_package_alone(unzipped: Path) -> None:
    """Without the SDK of Lambda's runtime, the package imports, its own SDK included, and passes its check."""
    run = run_alone(
        "import hub.runtime.handlers as h, botocore, urllib3, dateutil, jmespath, six\n"
        "print(h.observer.__name__, h.publisher.__name__, h.sweeper.__name__, h.associator.__name__)\n"
        "print(*(m.__file__ for m in (botocore, urllib3, dateutil, jmespath, six)))\n"
        "assert not {'boto3', 'troposphere', 'moto', 'pydantic', 'yaml', 'typer', 'rich'} & set(sys.modules)",
        unzipped,
    )
    assert run.stderr == ""
    handlers, files = run.stdout.splitlines()
    assert handlers.split() == ["observer", "publisher", "sweeper", "associator"]
    assert all(file.startswith(str(unzipped)) for file in files.split())


def test_handlers_import_from_the_zip(zipped: Path) -> None:
    """The zip itself on the path does as well: nothing in the package needs more than Python's own imports."""
    run = run_alone("import hub.runtime.messages, botocore, jmespath; print(botocore.__file__)", zipped)
    assert run.stderr == ""
    assert run.stdout.startswith(f"{zipped}/botocore/")


def test_package_goes_before_the_runtime_of_lambda(unzipped: Path, tmp_path: Path) -> None:
    """The SDK in the package is the one that is imported, as Lambda looks into the package first."""
    older = tmp_path / "botocore"
    older.mkdir()
    (older / "__init__.py").write_text("raise ImportError('the SDK of the runtime')")
    run = run_alone("import hub.runtime.handlers, botocore; print(botocore.__version__)", unzipped, tmp_path)
    assert (run.stderr, run.stdout.strip()) == ("", botocore.__version__)


def test_every_client_works_as_with_the_whole_sdk(unzipped: Path) -> None:
    """Each client has the operations, pages and endpoints, in every partition, that the whole SDK gives it."""
    code = f"""
import json
from botocore.config import Config
from botocore.session import Session
session, found = Session(), {{}}
config = Config(retries={{"mode": "standard", "total_max_attempts": 3}})
for service in {sorted(OPERATIONS)!r}:
    for region in {REGIONS!r}:
        client = session.create_client(
            service, region_name=region, aws_access_key_id="a", aws_secret_access_key="b", config=config
        )
        names = sorted(client.meta.method_to_api_mapping)
        pages = [name for name in names if client.can_paginate(name)]
        signing = client.meta.service_model.signing_name, client._request_signer.region_name
        found[f"{{service}} {{region}}"] = [client.meta.endpoint_url, signing, names, pages]
print(json.dumps(found))
"""
    run = run_alone(code, unzipped)
    assert run.stderr == ""
    found = json.loads(run.stdout)
    assert found.keys() == {f"{service} {region}" for service in OPERATIONS for region in REGIONS}
    session: Any = Session()
    for place, (url, signing, names, pages) in found.items():
        service, region = place.split()
        whole = session.create_client(service, region_name=region, aws_access_key_id="a", aws_secret_access_key="b")
        assert url == whole.meta.endpoint_url, place
        assert signing == [whole.meta.service_model.signing_name, whole._request_signer.region_name]  # noqa: SLF001 - nothing else tells
        assert {whole.meta.method_to_api_mapping[name] for name in names} == set(OPERATIONS[service])
        assert pages == [name for name in names if whole.can_paginate(name)], place


@pytest.mark.parametrize("service", sorted(OPERATIONS))
def test_packaged_models_are_those_of_the_whole_sdk(service: str, unzipped: Path) -> None:
    """An operation has the same request, answer and errors as in botocore, down to each shape."""
    whole = ServiceModel(create_loader().load_service_model(service, "service-2"))
    (path,) = (unzipped / "botocore" / "data" / service).glob("*/service-2.json")
    packed = ServiceModel(json.loads(path.read_text()))
    assert set(packed.operation_names) == set(OPERATIONS[service])
    for name in packed.operation_names:
        ours, theirs = packed.operation_model(name), whole.operation_model(name)
        assert outline(ours.input_shape) == outline(theirs.input_shape)
        assert outline(ours.output_shape) == outline(theirs.output_shape)
        assert {shape.name for shape in ours.error_shapes} == {shape.name for shape in theirs.error_shapes}
        assert ours.http == theirs.http


def outline(shape: Any, above: tuple[str, ...] = ()) -> Any:  # noqa: ANN401 - botocore's shapes, a tree of texts
    """A shape with all that it contains, as plain values."""
    if shape is None or shape.name in above:
        return shape and shape.name
    inner = dict(getattr(shape, "members", {}))
    inner |= {part: getattr(shape, part) for part in ("member", "key", "value") if hasattr(shape, part)}
    below = {name: outline(member, (*above, shape.name)) for name, member in inner.items()}
    return shape.name, shape.type_name, shape.serialization, shape.metadata, below


def test_package_has_no_other_data(unzipped: Path) -> None:
    """One version of each service that the functions call, and what all clients read."""
    data = unzipped / "botocore" / "data"
    assert {path.name for path in data.iterdir() if path.is_dir()} == set(OPERATIONS)
    common = {"endpoints.json", "partitions.json", "sdk-default-configuration.json"}
    assert {path.name for path in data.iterdir() if path.is_file()} == common
    for folder in data.iterdir():
        if folder.is_dir():
            (version,) = folder.iterdir()
            kinds = {path.name.split(".")[0] for path in version.iterdir()}
            assert kinds == {"service-2", "paginators-1", "endpoint-rule-set-1"}


def test_package_keeps_the_licenses(unzipped: Path) -> None:
    """The license of each library, and botocore's notice, which its license requires, are in the package."""
    for folder in unzipped.glob("*.dist-info"):
        assert [path for path in folder.rglob("*") if path.name.startswith("LICENSE")], folder
    assert list(unzipped.glob("botocore-*.dist-info/NOTICE"))


def test_list_has_every_service_of_the_runtime_and_no_other() -> None:
    """Each client that the runtime creates is of a listed service. A test of the sandbox compares the operations."""
    assert services() == set(OPERATIONS)


@cache
def services() -> frozenset[str]:
    """The services that the runtime names where it creates a client."""
    calls = (
        node
        for path in RUNTIME.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"client", "_client"}
    )
    texts = {
        argument.value
        for call in calls
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    return frozenset(texts & set(create_loader().list_available_services("service-2")))


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_each_member_of_the_check_is_used(member: Member) -> None:
    """The runtime reads or sends each member that the check of the SDK requires."""
    name = member.path[-1]
    wanted = f"{name}=" if member.path[0] == "input" else f'"{name}"'
    assert any(wanted in path.read_text() for path in (RUNTIME / "aws").rglob("*.py"))
    assert member.operation in OPERATIONS[member.service]


def test_locked_sdk_passes_the_check() -> None:
    """The locked botocore has every member."""
    sdk.check(Session().get_service_model, botocore.__version__, "here")


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_older_sdk_does_not_start(member: Member, unzipped: Path, tmp_path: Path) -> None:
    """A function with an SDK that lacks a member fails when it starts, and says which, where, and what to do."""
    copy = tmp_path / "package"
    shutil.copytree(unzipped, copy)
    (path,) = (copy / "botocore" / "data" / member.service).glob("*/service-2.json")
    path.write_text(json.dumps(without(json.loads(path.read_text()), member.path[-1])))
    run = run_alone("import hub.runtime.handlers", copy)
    said = run.stderr.splitlines()[-1]
    assert f"UnsuitableSdk: the SDK lacks {member}. It is botocore {botocore.__version__} in {copy}/botocore." in said
    assert "deploy the zip as 'orgdns build' wrote it" in said


def without(model: dict[str, Any], name: str) -> dict[str, Any]:
    for shape in model["shapes"].values():
        shape.get("members", {}).pop(name, None)
    return model


def test_operation_that_the_sdk_lacks_is_named() -> None:
    """A check of a botocore without the operation says the same as of one without the member."""
    with pytest.raises(UnsuitableSdk, match=r"organizations DescribeAccount output.Account.State .*; .*Priority"):
        sdk.check(lambda _service: SimpleNamespace(operation_names=()), "1.30.0", "/var/runtime/botocore")


def test_same_data_is_reduced_to_the_same_bytes() -> None:
    """The order of a model's shapes and operations does not reach the package."""
    files = {path: (ROOT / "LICENSE").read_bytes() for path in ("botocore/a.py", "botocore/data/_retry.json")}
    loader: Any = create_loader()
    base = Path(botocore.__path__[0])
    for service in OPERATIONS:
        version = loader.determine_latest_version(service, "service-2")
        for path in (base / "data" / service / version).iterdir():
            files[f"botocore/{path.relative_to(base)}"] = path.read_bytes()
    files["botocore/data/endpoints.json"] = (base / "data" / "endpoints.json").read_bytes()
    turned = {path: reordered(path, files[path]) for path in sorted(files, reverse=True)}
    assert reduced(turned) == reduced(files)
    assert "botocore/data/_retry.json" not in reduced(files)


def reordered(path: str, content: bytes) -> bytes:
    """The same JSON with its keys in the opposite order."""
    if not path.endswith("service-2.json.gz"):
        return content

    def turned(node: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(node, dict):
            return {key: turned(node[key]) for key in reversed(node)}
        return [turned(each) for each in node] if isinstance(node, list) else node

    return gzip.compress(json.dumps(turned(json.loads(gzip.decompress(content)))).encode())


def test_file_that_is_only_read_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of which a part is packed is compared with RECORD before it is read."""
    base = Path(botocore.__path__[0]).parent
    for source in (base / "botocore", next(base.glob("botocore-*.dist-info"))):
        shutil.copytree(source, tmp_path / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(tmp_path)
    model = next(tmp_path.glob("botocore/data/organizations/*/service-2.json.gz"))
    model.write_bytes(gzip.compress(b"{}"))
    with pytest.raises(PackageInvalid, match=r"botocore: .*organizations.*service-2.json.gz was changed"):
        package(example_policy())


def test_operation_that_does_not_exist_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in the list fails the build, and says where the list is."""
    monkeypatch.setitem(OPERATIONS, "sts", ("AssumeRoll",))
    with pytest.raises(PackageInvalid, match=r"botocore lacks 'AssumeRoll', which hub/runtime/sdk.py lists"):
        package(example_policy())


def test_zip_is_readable(built: Package) -> None:
    """Every file of the package can be read back."""
    with zipfile.ZipFile(io.BytesIO(built.content)) as archive:
        assert archive.testzip() is None
