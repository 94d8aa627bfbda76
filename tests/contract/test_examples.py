"""Examples in docstrings are run: those that nobody runs rot in the best houses."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import manifests
import scanner

MODULES = sorted(
    found.name
    for package in (scanner, manifests)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not found.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        pytest.skip(f"needs an extra: {error.name}")
    assert doctest.testmod(module).failed == 0
