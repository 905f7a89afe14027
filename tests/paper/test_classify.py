import numpy as np
import pytest
import torch
from paper_models import model_in

from gan_core.paper import Subject, finish
from gan_core.paper.classify import Labelled, classify, evenly, interval
from gan_core.paper.layers import described, pooled
from gan_core.paper.linear import accuracy, in_their_span, logistic, margins_of, standardised, svm


def toy(count: int, seed: int = 0, noise: float = 60) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of three classes: noise, with a brighter patch in one of three corners."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    images = rng.normal(110, noise, (count, 32, 32, 3))
    corners = [(slice(0, 10), slice(0, 10)), (slice(22, 32), slice(0, 10)), (slice(0, 10), slice(22, 32))]
    for image, label in zip(images, labels, strict=True):
        image[corners[label]] += 80
    return images.clip(0, 255).astype(np.uint8), labels


def test_pooled_maps_are_the_largest_answers_in_sixteen_fields():
    maps = torch.arange(64.0).view(1, 1, 8, 8)
    assert pooled(maps).tolist() == [[9, 11, 13, 15, 25, 27, 29, 31, 41, 43, 45, 47, 57, 59, 61, 63]]
    assert pooled(torch.ones(2, 5)).shape == (2, 5)


def test_features_are_of_all_layers_and_do_not_depend_on_the_batch(subject):
    images = toy(70)[0]
    rows = np.concatenate(list(described(subject.D, images)))
    assert rows.shape == (70, (8 + 16 + 32) * 16)
    np.testing.assert_allclose(rows[64:], next(described(subject.D, images[64:])), atol=1e-5)


def test_an_svm_finds_the_minimum_of_its_problem():
    rows = torch.randn(60, 5, generator=torch.Generator().manual_seed(0))
    labels = (rows[:, 0] + rows[:, 1] > 0).long()
    weight = svm(rows, labels, 2, 0.1).requires_grad_(True)
    signs = torch.stack([1 - 2.0 * labels, 2.0 * labels - 1], 1)
    loss = 0.1 * (1 - signs * margins_of(rows, weight)).clamp_min(0).square().sum() + weight[:, :-1].square().sum() / 2
    (grad,) = torch.autograd.grad(loss, weight)
    assert grad.abs().max() < 0.02
    assert accuracy(rows, labels, weight.detach()) > 0.95


def test_fewer_columns_in_the_span_of_the_rows_change_no_margin():
    rng = torch.Generator().manual_seed(2)
    rows, others = torch.randn(20, 50, generator=rng), torch.randn(7, 50, generator=rng)
    labels = (rows[:, 0] > 0).long()
    fewer, fewer_others = in_their_span(rows, others)
    assert fewer.shape == (20, 20)
    expected = margins_of(others, svm(rows, labels, 2, 0.01))
    assert torch.allclose(margins_of(fewer_others, svm(fewer, labels, 2, 0.01)), expected, atol=2e-3)


def test_a_logistic_regression_knows_which_feature_matters():
    rows = torch.randn(200, 6, generator=torch.Generator().manual_seed(1))
    weight = logistic(rows, (rows[:, 3] > 0).float())[0]
    assert weight[:-1].abs().argmax() == 3 and weight[3] > 0


def test_what_never_varies_is_zero_and_not_infinite():
    rows, others = standardised(torch.tensor([[1.0, 2.0], [1.0, 4.0]]), torch.tensor([[5.0, 3.0]]))
    assert rows[:, 0].tolist() == [0, 0] and others.tolist() == [[0, 0]]


def test_labels_are_taken_evenly_from_every_class():
    labels = np.array([0] * 90 + [1] * 8 + [2] * 2)
    assert np.bincount(labels[evenly(labels, 12)]).tolist() == [5, 5, 2]


def test_the_interval_is_wilsons():
    found = interval(0.5, 100)
    assert found["low"] == pytest.approx(0.4038, abs=1e-3) and found["high"] == pytest.approx(0.5962, abs=1e-3)
    assert interval(1.0, 10)["high"] == pytest.approx(1.0)


def test_features_and_pixels_beat_chance_on_a_toy_set(subject):
    images, labels = toy(240)
    test_images, test_labels = toy(150, seed=1)
    data = Labelled("corners", images, labels, ("a", "b", "c"), test_images, test_labels)
    shares = []
    steps = classify(subject, data, (60, 240))
    finding = finish(steps, shares.append)
    assert shares == sorted(shares) and shares[-1] <= 1
    for values in finding.numbers["accuracy"].values():
        assert list(values) == ["60", "240"]
        assert values["240"]["low"] > 1 / 3
    assert finding.numbers["tested_on"] == 150
    assert "82.8%" in finding.paper and "22.48%" in finding.paper
    assert not any("may have trained" in each for each in finding.seen)


def test_without_test_pictures_some_are_held_out_and_it_says_what_d_may_have_seen(subject):
    finding = finish(classify(subject, Labelled("corners", *toy(240), ("a", "b", "c")), (100,)))
    assert finding.numbers["tested_on"] == 40
    assert any("may have trained" in each for each in finding.seen)


def test_a_discriminator_that_was_told_classes_is_said_to(tmp_path):
    subject = Subject.load(model_in(tmp_path, "dcgan", 32, 3, classes=("cat", "dog")))
    finding = finish(classify(subject, Labelled("corners", *toy(120), ("a", "b", "c")), (60,)))
    assert any("was told" in each for each in finding.seen)


def test_few_labels_are_refused(subject: Subject):
    with pytest.raises(ValueError, match="are few"):
        finish(classify(subject, Labelled("corners", *toy(30), ("a", "b", "c"))))


def test_labels_that_mean_nothing_are_not_learned(subject):
    images, labels = toy(240)
    shuffled = np.random.default_rng(5).permutation(labels)
    finding = finish(classify(subject, Labelled("noise", images, shuffled, ("a", "b", "c"), *toy(300, 2)), (240,)))
    assert finding.numbers["accuracy"]["learned"]["240"]["low"] < 0.45
