from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from packshot import geometry
from packshot.recipe import Alignment, Color, Cropping, Detailing, Grid, Lighting, Recipe, Source, Spot
from packshot.stages.background import encode_matte, png_asset

SOURCE = Source(name="a.jpg", sha256="0" * 64, size=(400, 300))


def full_recipe() -> Recipe:
    return Recipe(
        source=SOURCE,
        category="tops",
        color=Color(white_gain=(1.1, 1.0, 0.9), saturation=1.2, curves=((0.0, 0.6, 1.0),) * 3),
        lighting=Lighting(exposure=0.5, shadows=0.2, field=Grid(rows=1, columns=2, stops=(-0.1, 0.1))),
        alignment=Alignment(angle=2.0, method="cues", confidence=0.9),
        cropping=Cropping(centre=(200, 150), scale=0.5, canvas=(160, 200)),
        detailing=Detailing(spots=(Spot(x=10, y=20, radius=2),), sharpening=0.4),
        by="human",
    )


def test_json_round_trip_keeps_everything() -> None:
    recipe = full_recipe()
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_contract_keys_are_written() -> None:
    written = json.loads(full_recipe().model_dump_json())
    wanted = "recipe source category color lighting background alignment cropping detailing geometry by verdict"
    assert set(wanted.split()) <= set(written)
    assert np.shape(written["geometry"]["before_to_after"]) == (2, 3)
    assert written["geometry"]["size"] == [160, 200]


def test_geometry_is_derived_and_not_read_back() -> None:
    written = json.loads(full_recipe().model_dump_json())
    written["geometry"]["size"] = [1, 1]
    assert Recipe.model_validate(written).geometry.size == (160, 200)


def test_neutral_geometry_is_the_identity() -> None:
    derived = Recipe(source=SOURCE).geometry
    assert np.array_equal(derived.affine(), geometry.identity())
    assert derived.size == (400, 300)


def test_crop_centre_lands_in_the_middle_of_the_canvas() -> None:
    moved = geometry.apply(full_recipe().geometry.affine(), np.array([[200.0, 150.0]]))
    assert np.allclose(moved, [[79.5, 99.5]])


@pytest.mark.parametrize("part", [Color, Lighting, Alignment, Detailing])
def test_strength_zero_is_neutral(part: type) -> None:
    full = getattr(
        full_recipe(),
        {"Color": "color", "Lighting": "lighting", "Alignment": "alignment", "Detailing": "detailing"}[part.__name__],
    )
    faded = full.model_copy(update={"strength": 0.0}).effective()
    if part is Color:
        assert faded.white_gain == (1, 1, 1)
        assert faded.saturation == 1
        assert np.allclose(faded.curves, np.linspace(0, 1, 3))
    elif part is Lighting:
        assert (faded.exposure, faded.shadows, faded.highlights, faded.contrast) == (0, 0, 0, 0)
        assert not np.any(faded.field.array())
    elif part is Alignment:
        assert faded.angle == 0
    else:
        assert faded.sharpening == 0
        assert faded.spots[0].strength == 0


@given(st.floats(0, 1))
def test_strength_moves_monotonously(share: float) -> None:
    faded = Color(white_gain=(2.0, 1.0, 0.5), strength=share).effective()
    assert 1 <= faded.white_gain[0] <= 2
    assert 0.5 <= faded.white_gain[2] <= 1


@pytest.mark.parametrize(
    ("changes", "place"),
    [({"exposure": 99}, "exposure"), ({"exposur": 1}, "exposur"), ({"strength": 2}, "strength")],
)
def test_wrong_values_name_their_place(changes: dict[str, float], place: str) -> None:
    with pytest.raises(ValidationError, match=place):
        Lighting.model_validate(changes)


def test_a_grid_must_be_complete() -> None:
    with pytest.raises(ValidationError, match="needs 4 stops"):
        Grid(rows=2, columns=2, stops=(0.0,))


def recipe_with_matte() -> Recipe:
    content = encode_matte(np.eye(8, dtype=np.float32))
    asset = png_asset(content, "matte", (8, 8)).model_copy(update={"file": "../mattes/a.png"})
    recipe = full_recipe()
    background = recipe.background.model_copy(update={"matte": asset})
    return recipe.model_copy(update={"background": background, "assets": {asset.sha256: content}})


def test_saved_with_its_files_and_loaded_again(tmp_path: Path) -> None:
    recipe = recipe_with_matte()
    recipe.save(tmp_path / "recipes" / "a.json")
    loaded = Recipe.load(tmp_path / "recipes" / "a.json")
    assert loaded == recipe
    assert dict(loaded.assets) == dict(recipe.assets)


def test_a_changed_matte_is_refused(tmp_path: Path) -> None:
    recipe_with_matte().save(tmp_path / "recipes" / "a.json")
    (tmp_path / "mattes" / "a.png").write_bytes(encode_matte(np.zeros((8, 8), np.float32)))
    with pytest.raises(ValueError, match="not the file"):
        Recipe.load(tmp_path / "recipes" / "a.json")


def test_a_missing_matte_is_named(tmp_path: Path) -> None:
    recipe_with_matte().save(tmp_path / "recipes" / "a.json")
    (tmp_path / "mattes" / "a.png").unlink()
    with pytest.raises(ValueError, match="missing"):
        Recipe.load(tmp_path / "recipes" / "a.json")
