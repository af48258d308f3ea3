"""Judge a finished codebook in words, and say what to do where it falls short."""

FEW_USED = 0.8
"""A codebook that uses a smaller share of the codes asked for is called poor."""
FRAMES_PER_CODE = 20
"""Frames of sound that a code needs. With fewer, more sound helps more than more training."""
FAR_DB = 12.0
"""From this log-spectral distance on, a held-out sound is no longer recognised."""


def judge_codebook(
    *, asked: int, used: float, frames: int, lsd_db: float | None, folder: str, quick: bool = False
) -> list[str]:
    """Return a line or two that say whether a codebook is good and, if not, what to do.

    Parameters
    ----------
    asked : int
        Number of codes asked for.
    used : float
        Share of them that the corpus uses, 0 to 1.
    frames : int
        Frames of the corpus, without transposed copies.
    lsd_db : float or None
        Log-spectral distance of held-out sound in dB, None where none was measured.
    folder : str
        Folder of the codebook.
    quick : bool
        Whether it has no network, so that longer training is no way to better it.

    """
    found = [
        *_judge_use(asked, used, frames, None if quick else folder),
        *_judge_distance(lsd_db, None if quick else folder),
    ]
    if found:
        return found
    heard = f", and sounds it never heard come back within {lsd_db:.1f} dB" if lsd_db is not None else ""
    return [f"This is a good codebook: {used:.0%} of its {asked} codes are used{heard}."]


def _judge_use(asked: int, used: float, frames: int, folder: str | None) -> list[str]:
    if used >= FEW_USED:
        return []
    n_used = round(used * asked)
    line = f"This codebook is poor: of {asked} codes only {n_used} are used, and the others were left out. "
    if frames < FRAMES_PER_CODE * asked:
        fitting = max(16, frames // FRAMES_PER_CODE)
        return [f"{line}There is too little sound for so many: add sounds, or train with --codes {fitting}."]
    if folder is None:
        return [f"{line}Its sounds have too few different spectra for so many: add other sounds."]
    return [f"{line}It was trained too briefly: go on with --base {folder} --minutes 12, or add other sounds."]


def _judge_distance(lsd_db: float | None, folder: str | None) -> list[str]:
    if lsd_db is None or lsd_db < FAR_DB:
        return []
    more = "" if folder is None else f", or go on with --base {folder} --minutes 12"
    return [f"Sounds it never heard come back {lsd_db:.1f} dB off, which is far: add more sounds of their kind{more}."]
