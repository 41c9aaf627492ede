"""The JSON of replies as it is read with the extra ``speedups`` and without."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest

from ghl_notes.http import reply


@pytest.fixture(scope="session")
def replies() -> list[ModuleType]:
    """Give the module twice: over orjson, and over the json of the standard library."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "orjson", None)
        spec = spec_from_file_location("reply_without_orjson", reply.__file__)
        assert spec is not None
        assert spec.loader is not None
        plain = module_from_spec(spec)
        spec.loader.exec_module(plain)
    return [reply, plain]
