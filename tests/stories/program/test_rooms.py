"""The house as it is meant: no room where a stranger has to search, and each says what happens in it."""

from __future__ import annotations

import ast

from ghost.core.config.env import BASE_DIR

APPS = ("ghost", "teams", "resources", "dht", "builds")
MOST_MODULES = 15


def packages(*tops):
    """Each folder of Python below these, with its modules."""
    for top in tops:
        for folder in [BASE_DIR / top, *(BASE_DIR / top).rglob("*/")]:
            modules = [file.stem for file in folder.glob("*.py") if file.stem != "__init__"]
            if modules:
                yield folder.relative_to(BASE_DIR), modules


def test_no_package_has_more_modules_than_one_sees_at_a_glance():
    sizes = {str(folder): len(modules) for folder, modules in packages(*APPS, "bench")}

    assert sizes
    assert {folder: size for folder, size in sizes.items() if size > MOST_MODULES} == {}


def test_every_room_says_what_happens_in_it():
    rooms = [folder for folder, _ in packages(*APPS, "bench") if is_room(folder)]

    silent = [str(room) for room in rooms if not sentence(room)]

    assert rooms
    assert silent == []


def is_room(folder):
    """Not the top of an app, nor what Django lays out by itself."""
    return len(folder.parts) > 1 and not {"migrations", "management"} & set(folder.parts)


def sentence(folder):
    file = BASE_DIR / folder / "__init__.py"
    return file.is_file() and ast.get_docstring(ast.parse(file.read_text()))
