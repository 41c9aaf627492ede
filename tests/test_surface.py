"""The public surface is what it says: complete, documented and typed."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module

import pytest

import ghl_notes

MODULES = (
    "ghl_notes",
    "ghl_notes.events",
    "ghl_notes.migrate",
    "ghl_notes.sources",
    "ghl_notes.sources.cinnox",
    "ghl_notes.sources.close",
    "ghl_notes.stores",
    "ghl_notes.testing",
    "ghl_notes.webhooks",
)
# Values and aliases of types carry no docstring of their own at run time.
NO_DOCSTRING = {
    "AnyFilter", "AnySort", "Event", "Health", "Json", "Matcher", "Result", "Several", "UserType",
    "__version__",
}  # fmt: skip
# What the classes inherit from the interpreter, attrs or Exception is not ours to document.
OURS = "ghl_notes"


def public_names() -> list[tuple[str, str]]:
    return [(name, one) for name in MODULES for one in import_module(name).__all__]


names = pytest.mark.parametrize(("module", "name"), public_names())
modules = pytest.mark.parametrize("module", MODULES)


def methods(cls: type) -> Iterator[tuple[str, object]]:
    """Give a class's own public functions, properties unwrapped."""
    for name, member in inspect.getmembers_static(cls):
        inner = member.fget if isinstance(member, property) else member
        inner = getattr(inner, "__func__", inner)  # of class and static methods
        ours = str(getattr(inner, "__module__", "")).startswith(OURS)
        if inspect.isfunction(inner) and ours and not name.startswith("_"):
            yield name, inner


def signatures(value: object) -> Iterator[tuple[str, inspect.Signature]]:
    """Give the signature of a public name, and those of its public methods."""
    if inspect.isclass(value):
        if str(getattr(value.__init__, "__module__", "")).startswith(OURS):
            yield "__init__", inspect.signature(value.__init__)
        for name, method in methods(value):
            yield name, inspect.signature(method)
    elif inspect.isfunction(value):
        yield value.__name__, inspect.signature(value)


def _words(told: object) -> list[str]:
    return re.findall(r"\w+", str(told))


@modules
def test_all_is_sorted_and_without_repetition(module: str) -> None:
    """``__all__`` reads like an index: constants, classes, functions, sorted, each name once."""
    listed = import_module(module).__all__

    assert sorted(set(listed), key=lambda name: (not name.isupper(), name)) == list(listed)


@names
def test_every_name_can_be_had(module: str, name: str) -> None:
    """What ``__all__`` lists is there, the lazy names included."""
    assert getattr(import_module(module), name) is not None


@modules
def test_dir_shows_all(module: str) -> None:
    """Completion in a shell offers every public name before it is loaded."""
    shown = import_module(module)

    assert set(shown.__all__) <= set(dir(shown))


@pytest.mark.parametrize("module", ["ghl_notes", "ghl_notes.testing"])
def test_dir_shows_nothing_else(module: str) -> None:
    """Of a lazy package, completion offers the public names and no machinery."""
    shown = import_module(module)

    assert dir(shown) == sorted(shown.__all__)


@modules
def test_another_name_is_an_attribute_error(module: str) -> None:
    """A name that does not exist fails as in any module, so that ``hasattr`` works."""
    assert not hasattr(import_module(module), "NoSuchName")


@pytest.mark.parametrize("room", ["errors", "models", "oauth.auth", "events", "stores.protocol"])
def test_the_root_offers_what_its_rooms_offer(room: str) -> None:
    """A room's ``__all__`` is reachable from the package that users import."""
    home = import_module("ghl_notes.stores" if room.startswith("stores") else "ghl_notes")
    kept_back = {
        "Owner",
        "StoredInstall",
        "Token",
        "SEALED",
        "company_key",
        "location_key",
    }  # of interest only to who writes a store

    assert set(import_module(f"ghl_notes.{room}").__all__) - kept_back <= set(home.__all__)


@names
def test_every_name_says_what_it_promises(module: str, name: str) -> None:
    """Every public class and function has a docstring of its own, not an inherited one."""
    value = getattr(import_module(module), name)
    own = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__

    assert name in NO_DOCSTRING or name.isupper() or len(own or "") > len(name)


@names
def test_every_public_method_says_what_it_promises(module: str, name: str) -> None:
    """Every public method and property of a public class has a docstring."""
    value = getattr(import_module(module), name)
    found = methods(value) if inspect.isclass(value) else ()

    assert not [method for method, function in found if not function.__doc__]


@names
def test_signatures_are_typed_without_any(module: str, name: str) -> None:
    """Every argument and result of the public surface has a type, and none is ``Any``."""
    value = getattr(import_module(module), name)

    for method, signature in signatures(value):
        told = [p.annotation for n, p in signature.parameters.items() if n not in ("self", "cls")]
        told += [] if method == "__init__" else [signature.return_annotation]
        loose = [one for one in told if one is inspect.Parameter.empty or "Any" in _words(one)]
        assert not loose, f"{name}.{method}: {signature}"


def resources() -> list[type]:
    """Find the kinds of things that hang on a client."""
    client = ghl_notes.Client(token="pit-x")
    found = [type(value) for name, value in vars(client).items() if not name.startswith("_")]
    return [cls for cls in found if cls.__module__.startswith("ghl_notes.resources")]


@pytest.mark.parametrize("resource", resources())
def test_the_resources_are_documented_and_typed(resource: type) -> None:
    """What hangs on a client is public as well, though nobody imports it by name."""
    assert resource.__doc__
    assert not [name for name, function in methods(resource) if not function.__doc__]
    assert not [name for name, told in signatures(resource) if "Any" in _words(told)]


def test_a_client_offers_eleven_kinds_of_things() -> None:
    """No resource is lost on the way to the client."""
    assert len(resources()) == 11


def test_the_errors_of_the_root_are_the_whole_tree() -> None:
    """Every class of the tree is public, and nothing else calls itself an error."""
    errors = import_module("ghl_notes.errors")
    tree = {n for n, c in vars(errors).items() if inspect.isclass(c) and issubclass(c, Exception)}

    assert tree == set(errors.__all__)
    assert tree <= set(ghl_notes.__all__)
