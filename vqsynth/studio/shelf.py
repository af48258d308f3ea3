"""Codebooks and models by name. A request names one of this list and never a file, so it cannot reach any other."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Generic, TypeVar

from vqsynth.codebook import Codebook
from vqsynth.codes.record import CODEBOOK
from vqsynth.continuous.folder import CONTINUOUS
from vqsynth.continuous.model import ContinuousModel
from vqsynth.continuous.store import load as load_model
from vqsynth.continuous.store import models_at_hand
from vqsynth.errors import VqsynthError
from vqsynth.storage.bundle import Card, Kind, read_card
from vqsynth.storage.files import StrPath
from vqsynth.store import codebooks_at_hand, load

MOST_LOADED = 4
Held = TypeVar("Held")


class Missing(VqsynthError):
    """There is nothing of this name in the list."""


class Row(Generic[Held]):
    """A list of folders of one kind by name, of which the last few that were asked for stay in memory."""

    def __init__(self, folders: Iterable[Path], kind: Kind, load: Callable[[Path], Held]) -> None:
        self._kind, self._load, self._lock = kind, load, threading.Lock()
        self._folders: dict[str, Path] = {}
        self.cards: dict[str, Card] = {}
        self._held: dict[str, Held] = {}
        for folder in folders:
            self.add(folder)

    def add(self, folder: Path) -> str:
        """Put a folder at the end of the list, and return its name there: that of its card, or one more like it.

        Raises the kind's error for a damaged card.
        """
        card = read_card(folder, self._kind)
        with self._lock:
            name = _name_apart(str(card["name"]).replace("/", " "), self._folders)  # it stands in addresses
            self._folders[name], self.cards[name] = folder, card
        return name

    def get(self, name: str) -> Held:
        """Return what is called so. Raises Missing, and the kind's error where it is damaged."""
        with self._lock:
            if name not in self._folders:
                raise Missing(f"there is no {self._kind.noun} {name[:60]!r} in the list")
            held = self._held.pop(name, None)
            held = self._load(self._folders[name]) if held is None else held
            self._held[name] = held
            while len(self._held) > MOST_LOADED:
                self._held.pop(next(iter(self._held)))
            return held


class Shelf:
    """The codebooks and models that the page may ask for: the shipped ones, and those in some folders."""

    def __init__(self, books: StrPath | Iterable[StrPath] = (), models: StrPath | Iterable[StrPath] = ()) -> None:
        self.books: Row[Codebook] = Row(codebooks_at_hand(books), CODEBOOK, load)
        self.models: Row[ContinuousModel] = Row(models_at_hand(models), CONTINUOUS, load_model)

    def list_books(self) -> list[dict[str, Any]]:
        """List the codebooks: name, number of codes, sample rate, and what the card says about them."""
        about = ("codes", "sr", "n_fft", "hop_length", "about", "licence")
        return [
            {"name": name, **{key: card.get(key) for key in about}} for name, card in list(self.books.cards.items())
        ]

    def list_models(self) -> list[dict[str, Any]]:
        """List the models: name, sizes, vocoders, and what each component follows."""
        return [{"name": name, **describe_model(card)} for name, card in list(self.models.cards.items())]


def describe_model(card: Card) -> dict[str, Any]:
    """Return what the page shows of a model's card."""
    followed = card.get("components")
    return {
        "about": card.get("about"),
        "vocoder": card.get("vocoder"),
        "vocoders": list(card.get("vocoders", {})),
        "components": followed if isinstance(followed, list) else [],
    }


def _name_apart(name: str, taken: Iterable[str]) -> str:
    numbered = (f"{name} {i}" for i in range(2, 10000))
    return name if name not in set(taken) else next(n for n in numbered if n not in set(taken))
