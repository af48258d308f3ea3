"""The VAE's and the vocoders' trainings: what they learn, and that they can be taken up again to the bit."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.continuous.small import GRID
from tests.training.continuous.sound_files import (
    STEPS,
    VAE_SIZES,
    VAE_TRAINING,
    flatten_all,
    small_corpus,
    vocoder_training,
)
from vqsynth.continuous.vae import VAE, decode_frames, encode_frames
from vqsynth.errors import ModelError, ParameterError
from vqsynth.training.continuous.corpus import MelCorpus
from vqsynth.training.continuous.decoded import Decoded, decode_corpus
from vqsynth.training.continuous.descriptors import SpectrumDescriptors
from vqsynth.training.continuous.spectral import magnitude_loss
from vqsynth.training.continuous.vae_trainer import VAETrainer, VAETraining
from vqsynth.training.continuous.vocoder_trainer import MagnitudeTrainer, VocoderTraining, make_trainer
from vqsynth.training.core.trainer import Trainer, make_seeded

KINDS = ("vae", "magnitude", "melgan")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> MelCorpus:
    return small_corpus(tmp_path_factory.mktemp("sounds"))


def decode_all(corpus: MelCorpus) -> Decoded:
    """Take the latents of a VAE that has learnt nothing, and bands as if it had learnt all there is."""
    decoded = decode_corpus(make_seeded(lambda: VAE(VAE_SIZES), 0), corpus, flatten_all(corpus))
    return replace(decoded, log_mel=corpus.log_mel)


def begin(
    kind: str, corpus: MelCorpus, *, total: int = STEPS, device: str = "cpu", **options: object
) -> Trainer[dict[str, float]]:
    if kind == "vae":
        return VAETrainer(replace(VAE_TRAINING, **options), corpus, flatten_all(corpus), total=total, device=device)
    return make_trainer(vocoder_training(kind, **options), corpus, decode_all(corpus), total=total, device=device)


def run(training: Trainer[dict[str, float]], steps: int) -> list[dict[str, float]]:
    return [training.advance() for _ in range(steps)]


@pytest.mark.parametrize("kind", KINDS)
def test_training_taken_up_again_ends_with_the_same_bits(corpus: MelCorpus, kind: str) -> None:
    """The seventh step is the first after the checkpoint, and discriminators have joined before it."""
    whole = begin(kind, corpus)
    run(whole, 7)
    checkpoint = whole.to_tensors()
    losses = run(whole, 5)
    resumed = begin(kind, corpus)
    resumed.take_up(checkpoint, step=7)
    assert run(resumed, 5) == losses
    ended = whole.to_tensors()
    for name, tensor in resumed.to_tensors().items():
        np.testing.assert_array_equal(tensor, ended[name], err_msg=name)
    assert any(".optimizer." in name for name in ended)


@pytest.mark.parametrize("kind", KINDS)
def test_training_leaves_the_global_generator_alone(corpus: MelCorpus, kind: str) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    run(begin(kind, corpus), 2)
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)


@pytest.mark.parametrize(("kind", "loss"), [("vae", "likelihood"), ("magnitude", "loss"), ("melgan", "spectral")])
def test_training_brings_its_loss_down(corpus: MelCorpus, kind: str, loss: str) -> None:
    rate = {"learning_rate": 4e-3}
    losses = [step[loss] for step in run(begin(kind, corpus, total=150, **rate), 70)]
    assert np.mean(losses[-10:]) < 0.9 * np.mean(losses[:5])


@pytest.mark.parametrize("kind", ["melgan"])
def test_discriminators_join_from_their_share_of_the_steps_on(corpus: MelCorpus, kind: str) -> None:
    training = begin(kind, corpus, total=10, adversarial_from=0.5)
    joined = ["discriminators" in losses for losses in run(training, 10)]
    assert joined == [False] * 5 + [True] * 5


def test_what_lies_between_two_sounds_is_watched_from_its_share_of_the_steps_on(corpus: MelCorpus) -> None:
    training = begin("vae", corpus, total=10, between_from=0.6)
    watched = ["between" in losses for losses in run(training, 10)]
    assert watched == [False] * 6 + [True] * 4


def test_the_encoder_does_not_feel_what_lies_between_two_sounds(corpus: MelCorpus) -> None:
    encoders = []
    for weight in (1e-9, 1e3):
        training = begin("vae", corpus, total=10, between=weight, between_from=0.0)
        training.step = 5
        training.advance()
        encoders.append({k: v for k, v in training.to_tensors().items() if k.startswith("vae.optimizer.exp_avg.enc")})
    gradients = [np.concatenate([v.ravel() for v in encoder.values()]) for encoder in encoders]
    assert np.corrcoef(gradients)[0, 1] > 0.999


def test_a_vocoder_never_set_against_discriminators_leaves_them_as_they_were(corpus: MelCorpus) -> None:
    training = begin("melgan", corpus, adversarial_from=1.0)
    before = {k: v for k, v in training.to_tensors().items() if k.startswith("discriminators.model")}
    run(training, 5)
    after = training.to_tensors()
    assert before and all(np.array_equal(v, after[k]) for k, v in before.items())


def test_fine_tuning_learns_from_what_the_vae_makes_of_the_bands(corpus: MelCorpus) -> None:
    """Bands that are all alike teach nothing but the mean; clean bands are used before."""
    flat, decoded = np.full_like(corpus.log_mel, -6.0), decode_all(corpus)
    config = vocoder_training("magnitude", fine_tuned_from=0.5, between=0.0)
    clean, tuned = (
        make_trainer(config, corpus, replace(decoded, log_mel=bands), total=10) for bands in (corpus.log_mel, flat)
    )
    assert [a["loss"] == b["loss"] for a, b in zip(run(clean, 10), run(tuned, 10), strict=True)] == [True] * 5 + [
        False
    ] * 5


def test_half_of_the_excerpts_are_coloured_and_none_without_colour(corpus: MelCorpus) -> None:
    """Two routes to the first loss: by the training, and from the sounds as they are."""
    first, plain, halves = [], [], []
    for colour in (0.0, 0.8):
        training = begin("magnitude", corpus, colour=colour)
        assert isinstance(training, MagnitudeTrainer)
        starts, past = training._draw.rows(training.generator()), training.config.past
        wanted = training._magnitudes(starts + past)
        with torch.no_grad():
            made = training.network(training._mels(starts))[..., past:]
        plain.append(float(magnitude_loss(made, wanted)))
        halves.append(float(magnitude_loss(made[len(made) // 2 :], wanted[len(made) // 2 :])))
        first.append(training.advance()["loss"])
    assert first[0] == pytest.approx(plain[0], rel=1e-5)
    assert first[1] != pytest.approx(plain[1], rel=1e-3)
    assert halves[0] == halves[1]


@pytest.mark.parametrize("kind", ["vae", "magnitude"])
def test_watching_what_lies_between_two_sounds_straightens_the_way(corpus: MelCorpus, kind: str) -> None:
    """Two trainings, alike but for the weight: the loss is reported as it is, not as it is weighed."""
    joins = {"vae": {"between_from": 0.2}, "magnitude": {"fine_tuned_from": 0.2}}[kind]
    ends = []
    for weight in (1e-9, 3.0):
        training = begin(kind, corpus, total=120, between=weight, learning_rate=4e-3, **joins)
        ends.append(np.mean([losses["between"] for losses in run(training, 120)[-20:]]))
    assert ends[1] < 0.8 * ends[0]


def test_the_adversary_makes_loudness_hard_to_read(corpus: MelCorpus) -> None:
    """The cross-entropy that the adversary reaches is higher with gradient reversal than without."""
    reached = []
    for weight in (0.0, 2.0):
        training = begin("vae", corpus, total=160, adversary=weight, growth=0.1, learning_rate=4e-3, pursuits=2)
        reached.append(np.mean([losses["adversary"] for losses in run(training, 160)[-30:]]))
    assert reached[1] > reached[0] + 0.1


def test_the_kl_weight_warms_up_from_nothing(corpus: MelCorpus) -> None:
    training = begin("vae", corpus, beta=1.0, warm_up=0.5, total=100)
    assert isinstance(training, VAETrainer)
    loss = {"kl": torch.ones(())}
    weights = []
    for training.step in (0, 25, 50, 100):
        weights.append(float(training._weigh(loss)["kl"]))
    assert weights == [0.0, 0.5, 1.0, 1.0]


def train_vae(corpus: MelCorpus, **options: object) -> VAE:
    """Train a VAE long enough to tell a weight from none."""
    training = begin("vae", corpus, total=150, learning_rate=4e-3, **options)
    run(training, 150)
    assert isinstance(training, VAETrainer)
    return training.vae


def test_descriptors_become_linear_in_the_latents(corpus: MelCorpus) -> None:
    """Read by least squares over the whole corpus, not by the map that the training learnt."""
    x = torch.from_numpy(corpus.log_mel[corpus.originals].T.astype(np.float32))[None]
    wanted = SpectrumDescriptors.of_bands(GRID).measure(x)[0].numpy()
    left = []
    for weight in (0.0, 1.0):
        vae = train_vae(corpus, reading=weight)
        with torch.no_grad():
            z = vae.encode_stats(x)[0][0].numpy()
        rows = np.vstack([z, np.ones(z.shape[1])]).T
        found = rows @ np.linalg.lstsq(rows, wanted.T)[0]
        left.append(np.mean((wanted.T - found) ** 2 / wanted.var(axis=1)))
    assert left[1] < 0.8 * left[0]


def test_weighing_the_relative_error_brings_the_loudest_bands_nearer(corpus: MelCorpus) -> None:
    """Measured on the whole corpus: of a vector and its estimate, the distance beside the length."""
    x, loudness_db = corpus.log_mel[corpus.originals].astype(np.float32), corpus.loudness_db[corpus.originals]
    u = flatten_all(corpus).flatten(loudness_db)
    left = []
    for weight in (0.0, 3.0):
        vae = train_vae(corpus, relative=weight)
        made = decode_frames(vae, encode_frames(vae, x), u)
        left.append(np.linalg.norm(np.exp(made) - np.exp(x)) / np.linalg.norm(np.exp(x)))
    assert left[1] < 0.9 * left[0]


@pytest.mark.parametrize("kind", ["vae", "magnitude", "melgan"])
def test_advance_on_another_device_mixes_nothing_of_the_cpu_into_it(
    corpus: MelCorpus, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Torch's device without values, which is on every machine, refuses tensors of the CPU as a graphics card does."""
    copy_back = torch.Tensor.cpu
    monkeypatch.setattr(torch.Tensor, "cpu", lambda x: torch.ones(x.shape) if x.is_meta else copy_back(x))
    monkeypatch.setattr(torch.Tensor, "__float__", lambda _: 0.0)
    monkeypatch.setattr(Trainer, "update", lambda _, loss, *names: loss.backward())
    training = begin(kind, corpus, device="meta")
    for training.step in (0, STEPS // 2, STEPS - 1):
        training.advance()
    assert all(p.grad is not None and p.grad.is_meta for m in training.modules.values() for p in m.parameters())


def test_take_up_of_another_model_refuses(corpus: MelCorpus) -> None:
    other = begin("vae", corpus, model=replace(VAE_SIZES, latents=4))
    with pytest.raises(ModelError, match="does not fit"):
        begin("vae", corpus).take_up(other.to_tensors(), step=0)


@pytest.mark.parametrize(
    "entry",
    [
        {"steps": 3},
        {"minutes": 0.0},
        {"seed": -1},
        {"beta": -1.0},
        {"relative": -1.0},
        {"reading": -1.0},
        {"colour": -1.0},
        {"coloured": 1.0},
        {"between_from": 1.0},
        {"growth": -3.0},
        {"cosines": 0},
        {"pursuits": -1},
        {"batch": 0},
        {"frames": 0},
        {"frames": 129},
        {"learning_rate": float("nan")},
    ],
    ids=str,
)
def test_vae_training_given_unusable_options_refuses(entry: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(entry))):
        VAETraining(**entry)  # type: ignore[arg-type]


def test_vocoder_training_of_an_unknown_kind_or_share_refuses() -> None:
    with pytest.raises(ParameterError, match=r"magnitude, melgan \(got 'griffin-lim'\)"):
        VocoderTraining.of_kind("griffin-lim")
    with pytest.raises(ParameterError, match="adversarial_from must lie between 0 and 1"):
        VocoderTraining.of_kind("melgan", adversarial_from=1.5)
    with pytest.raises(ParameterError, match=r"frames must lie between 1 and 128, .* \(got 132\)"):
        VocoderTraining.of_kind("melgan", frames=100, past=32)
    for name in ("between", "colour"):
        with pytest.raises(ParameterError, match=f"{name} must be 0 or more"):
            VocoderTraining.of_kind("magnitude", **{name: -1.0})
    with pytest.raises(ParameterError, match="cosines must be 1 or more"):
        VocoderTraining.of_kind("magnitude", cosines=0)
