"""A real Pure Data drives the player over OSC. Where `pd` is not installed these tests are skipped, and say so."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.live.test_osc import Plugged
from vqsynth.codebook import Codebook
from vqsynth.live.session import play_null
from vqsynth.sound.arrays import Floats
from vqsynth.sound.descriptors import measure

PD = shutil.which("pd")
LASTS_MS, EVERY_MS = 2500, 10
LOW_HZ, HIGH_HZ = 200.0, 400.0

# An octave of pitch in 200 messages of 100 a second; loudness first, silence last.
PATCH = """#N canvas 0 0 700 500 12;
#X obj 20 20 loadbang;
#X obj 20 50 t b b b b;
#X msg 400 80 connect 127.0.0.1 {port};
#X msg 300 80 -24;
#X obj 300 110 oscformat target loudness;
#X msg 20 80 1;
#X obj 20 110 metro {every};
#X obj 20 140 f;
#X obj 80 140 + 1;
#X obj 20 170 expr {low} * pow(2 \\, min($f1 \\, 200) / 200);
#X obj 20 200 oscformat target pitch;
#X obj 20 260 list prepend send;
#X obj 20 290 list trim;
#X obj 20 350 netsend -u -b;
#X obj 160 80 delay {lasts};
#X obj 160 110 t b b b;
#X obj 220 140 oscformat stop;
#X obj 160 170 delay 100;
#X msg 160 200 \\; pd quit;
#X msg 280 140 0;
#X connect 0 0 1 0;
#X connect 1 0 14 0;
#X connect 1 1 5 0;
#X connect 1 2 3 0;
#X connect 1 3 2 0;
#X connect 2 0 13 0;
#X connect 3 0 4 0;
#X connect 4 0 11 0;
#X connect 5 0 6 0;
#X connect 6 0 7 0;
#X connect 7 0 8 0;
#X connect 8 0 7 1;
#X connect 7 0 9 0;
#X connect 9 0 10 0;
#X connect 10 0 11 0;
#X connect 11 0 12 0;
#X connect 12 0 13 0;
#X connect 14 0 15 0;
#X connect 15 0 17 0;
#X connect 15 1 16 0;
#X connect 16 0 11 0;
#X connect 17 0 18 0;
#X connect 15 2 19 0;
#X connect 19 0 6 0;
"""


@pytest.mark.skipif(PD is None, reason="needs Pure Data: pd is not in PATH (Debian: apt install puredata-core)")
def test_patch_of_pure_data_plays_a_glide(book: Codebook, tmp_path: Path) -> None:
    plugged, blocks = Plugged(book), list[Floats]()
    patch = tmp_path / "glide.pd"
    patch.write_text(PATCH.format(port=plugged.port.port, every=EVERY_MS, low=LOW_HZ, lasts=LASTS_MS))
    command = [str(PD), "-nogui", "-noaudio", "-nomidi", "-noprefs", str(patch)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as pd:
        try:
            play_null(plugged.session, block=256, seconds=LASTS_MS / 1000 + 1.0, put=blocks.append, watch=lambda: None)
        finally:
            pd.kill()
        said = pd.stderr.read() if pd.stderr else ""
    plugged.close()
    y = np.concatenate(blocks)
    assert plugged.port.n_taken > 200, f"{plugged.port.n_taken} messages came; Pure Data said: {said}"
    assert plugged.port.n_wrong == 0 and plugged.told == []
    pitch = measure(y, book.grid, ["pitch"])["pitch"]
    pitch = pitch[~np.isnan(pitch)]
    assert len(pitch) > 100
    assert pitch.min() == pytest.approx(LOW_HZ, rel=0.02) and pitch.max() == pytest.approx(HIGH_HZ, rel=0.02)
    assert not y[-2000:].any()
