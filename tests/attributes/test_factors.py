import numpy as np
import pytest
from PIL import Image

from gan_core.attributes.factors import FEWEST, choose, labelled_pictures, traits_of

MANY = 2 * FEWEST


def names(columns, wanted=()) -> list[str]:
    return [trait.name for trait in choose(traits_of(columns), wanted)]


def test_a_yes_and_a_no_are_one_trait_whatever_they_are_called():
    for yes, no in (("yes", "no"), ("1", "-1"), ("1", "0"), ("True", "False"), (True, False)):
        (trait,) = traits_of({"eye_glasses": [yes] * MANY + [no] * MANY + [None]})
        assert trait.name == "Eye glasses" and trait.id == "label-eye-glasses" and not trait.is_number
        assert trait.targets[0] == 1 and trait.targets[-2] == 0 and np.isnan(trait.targets[-1])


def test_two_values_are_one_trait_after_the_rarer():
    (trait,) = traits_of({"Coat": ["fur"] * MANY + ["none"] * (MANY + 1)})
    assert trait.name == "Coat: fur" and trait.targets[0] == 1


def test_empty_cells_mean_none_and_give_a_trait_for_any_value():
    cells = ["beard"] * FEWEST + ["moustache"] * MANY + [""] * MANY
    traits = traits_of({"facial_hair": cells})
    assert [trait.name for trait in traits] == ["Facial hair", "Facial hair: moustache", "Facial hair: beard"]
    assert traits[0].targets.sum() == FEWEST + MANY


def test_rare_values_are_left_out_and_only_frequent_ones_become_directions():
    cells = [f"v{i}" for i in range(8) for _ in range(FEWEST + 8 - i)] + ["rare"] * (FEWEST - 1)
    assert len(traits_of({"head": cells})) == 8
    assert names({"head": cells}) == [f"Head: v{i}" for i in range(6)]
    assert names({"head": cells}, ["head=v7"]) == ["Head: v7"]


def test_measures_are_numbers_and_a_few_whole_numbers_are_classes():
    (trait,) = traits_of({"age": [str(i / 2) for i in range(MANY)] + ["", None]})
    assert trait.is_number and trait.targets[3] == 1.5 and np.isnan(trait.targets[-2:]).all()
    assert len(traits_of({"digit": [str(i % 4) for i in range(4 * FEWEST)]})) == 4
    assert not traits_of({"digit": [str(i % 2 + 3) for i in range(4 * FEWEST)]})[0].is_number


def test_names_of_files_are_no_factor():
    with pytest.raises(ValueError, match="too few"):
        traits_of({"file": [f"{i}.png" for i in range(500)]})


def test_what_is_unknown_is_refused_by_name():
    columns = {"bar": ["yes", "no"] * MANY}
    with pytest.raises(ValueError, match="'nose'.*bar"):
        names(columns, ["nose"])
    with pytest.raises(ValueError, match="bar=green"):
        names(columns, ["bar=green"])


def test_a_folder_gives_the_columns_of_its_csv_without_pictures_that_cannot_be_read(labelled_folder, tmp_path):
    (labelled_folder / "002.png").write_bytes(b"no picture")
    images, columns = labelled_pictures(labelled_folder, 32, 1, tmp_path / "stores")
    assert images.shape == (399, 32, 32, 1) and list(columns) == ["bar", "brightness", "luck"]
    has_bar = images[:, 16, 5, 0] == 255
    assert ["yes" if bar else "no" for bar in has_bar] == columns["bar"]


def test_folders_are_a_factor_where_there_is_no_csv(tmp_path):
    for i in range(8):
        path = tmp_path / "pets" / ("cat" if i % 2 else "dog") / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (16, 16), 20 * i).save(path)
    images, columns = labelled_pictures(tmp_path / "pets", 16, 1, tmp_path / "stores")
    assert columns == {"class": ["cat"] * 4 + ["dog"] * 4} and images[4].max() == 0


def test_drawn_faces_have_the_factors_they_are_drawn_from(tmp_path):
    images, columns = labelled_pictures("drawn:90", 16, 3, tmp_path / "stores")
    assert len(images) == 90 and isinstance(columns["glasses"][0], bool)
    assert {"Smile", "Turn", "Skin", "Hair colour"} <= set(names(columns))


def test_pictures_of_which_nothing_is_known_are_refused(tmp_path):
    Image.new("L", (16, 16)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="nothing is known"):
        labelled_pictures(tmp_path, 16, 1, tmp_path / "stores")
