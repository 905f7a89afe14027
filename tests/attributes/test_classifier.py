import numpy as np
import pytest
import torch

from gan_core.attributes import classifier
from gan_core.attributes.classifier import concordance, train
from gan_core.attributes.factors import traits_of


@pytest.fixture
def trained(known, monkeypatch):
    monkeypatch.setattr(classifier, "SEEN", 5_000)
    images, columns = known
    return train(images, traits_of(columns))


def test_it_tells_what_can_be_seen_and_knows_what_it_cannot_tell(trained, draw):
    accuracy = {trait.factor: value for trait, value in zip(trained.traits, trained.accuracy, strict=True)}
    assert accuracy["bar"] > 0.98 and accuracy["brightness"] > 0.9 and accuracy["luck"] < 0.75
    judge = trained.reliable()
    assert [trait.factor for trait in judge.traits] == ["bar", "brightness"]
    scores = judge.scores(draw([0, 1, 0, 1], [0.1, 0.1, 0.9, 0.9]))
    assert ((scores[:, 0] > 0) == [False, True, False, True]).all()
    assert scores[:2, 1].max() < scores[2:, 1].min()


def test_the_numbers_of_a_trait_are_in_its_standard_deviations(trained, draw):
    low, high = trained.scores(draw([0, 0], [0.5 - 0.2887, 0.5 + 0.2887]))[:, 1]
    assert (low, high) == (pytest.approx(-1, abs=0.4), pytest.approx(1, abs=0.4))


def test_training_repeats_leaves_the_random_state_alone_and_can_be_cancelled(known, monkeypatch):
    monkeypatch.setattr(classifier, "SEEN", 500)
    images, traits = known[0], traits_of(known[1])
    before = torch.get_rng_state()
    first, second = (train(images, traits).scores(images[:8]) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert torch.equal(before, torch.get_rng_state())

    def cancel(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(images, traits, cancel)


def test_what_is_not_known_of_some_pictures_does_not_disturb(known, monkeypatch):
    monkeypatch.setattr(classifier, "SEEN", 2_000)
    images, columns = known
    bars = [None if i % 3 == 0 else bar for i, bar in enumerate(columns["bar"])]
    assert train(images, traits_of({"bar": bars})).accuracy[0] > 0.95


def test_large_pictures_are_looked_at_smaller():
    assert classifier.prepared(np.zeros((2, 128, 128, 3), np.uint8)).shape == (2, 3, 64, 64)
    assert classifier.prepared(np.zeros((2, 28, 28, 1), np.uint8)).shape == (2, 1, 28, 28)


def test_concordance_counts_pairs_in_the_right_order():
    assert concordance(np.array([0, 0, 1, 1.0]), np.array([1, 2, 3, 4])) == 1
    assert concordance(np.array([0, 0, 1, 1.0]), np.array([1, 4, 2, 3])) == 0.5
    assert concordance(np.array([1, 2, 3, np.nan]), np.array([3, 2, 1, 9])) == 0
    assert concordance(np.array([0, 1.0]), np.array([5, 5])) == 0.5
    assert concordance(np.array([1, 1.0]), np.array([1, 2])) == 0.5
