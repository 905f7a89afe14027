import numpy as np
import pytest

from gan_core.latent.figure import captioned, column, framed, picture, row, table, text

RED = np.full((16, 16, 3), (200, 30, 30), np.uint8)


def test_a_picture_has_the_side_that_was_asked_for():
    assert picture(RED, 48).size == (48, 48)
    assert picture(np.zeros((8, 32, 1), np.uint8), 64).size == (64, 16)


def test_pieces_stand_side_by_side_in_the_middle():
    made = np.asarray(row([picture(RED, 20), picture(RED, 10)], gap=4))
    assert made.shape == (20, 34, 3)
    assert (made[:5, 24:] == 255).all() and tuple(made[10, 30]) == (200, 30, 30)
    assert column([picture(RED, 20), picture(RED, 10)], gap=4).size == (20, 34)


def test_a_table_has_rows_of_so_many():
    assert table([picture(RED, 10)] * 5, columns=2, gap=1).size == (21, 32)


def test_a_caption_is_no_wider_than_its_picture():
    one, many = (captioned(picture(RED, 60), words) for words in ("seed", "a smiling woman who wears glasses"))
    assert one.width == many.width == 60 and 60 < one.height < many.height


def test_a_caption_of_one_long_word_is_not_lost():
    assert captioned(picture(RED, 20), "spectacles").width > 20


@pytest.mark.parametrize("sign", ["−", "+", "=", "±", "×", "–", "é", "ü"])
def test_signs_that_the_font_lacks_are_written_by_others(sign):
    missing, written = np.asarray(text("\uffff", 30)), np.asarray(text(sign, 30))
    assert (written < 128).any() and not np.array_equal(written, missing)


def test_words_of_any_letters_are_as_high():
    assert text("man").height == text("(joy)").height < text("two\nlines").height


def test_no_words_and_a_margin():
    assert captioned(picture(RED, 20), "").size == (20, 20)
    assert framed(picture(RED, 20), 5).size == (30, 30) and text("").width == 1
