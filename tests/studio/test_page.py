"""The page in a browser, before the real server: drawn, played, undone, by mouse and by keys alone."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vqsynth
from vqsynth.sound.measuring import measure

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright here, by which the page is tested")
pytest.importorskip("vqsynth.studio.serving", reason="no server of the studio here")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here, in which the page is tested")
PROGRAM = "from vqsynth.cli.entry import start; start()"
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    flags = ["--autoplay-policy=no-user-gesture-required", *(["--no-sandbox"] if os.getuid() == 0 else [])]
    with playwright.sync_playwright() as made:
        opened = made.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The server's address, and its process."""
    words = [sys.executable, "-c", PROGRAM, "studio", "--no-browser", "--port", "0"]
    cwd = tmp_path_factory.mktemp("studio")
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=cwd) as process:
        assert process.stdout
        yield next(line.split()[-1] for line in process.stdout if "http://" in line), process
        process.kill()


@pytest.fixture
def page(browser: Any, studio: tuple[str, Any]) -> Iterator[Any]:
    """A page that is ready. Whatever it says on the console is a failure."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened, said = context.new_page(), []
    opened.set_default_timeout(PATIENCE_MS)
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto(studio[0])
    opened.wait_for_selector("html[data-ready]")
    yield opened
    context.close()
    assert [text for text in said if "ERR_CONNECTION" not in text] == []


def points(page: Any, lane: str = "centroid") -> list[str]:
    """List what the points of a lane say of themselves."""
    handles = page.locator(f".lane[data-name={lane}] .point")
    return [handles.nth(i).get_attribute("aria-valuetext") for i in range(handles.count())]


def stroke(page: Any, lane: str, heights: list[float]) -> None:
    """Draw in a lane by mouse: heights from 0 at its bottom to 1, evenly over its width."""
    box = page.locator(f".lane[data-name={lane}] .plot").bounding_box()
    for i, height in enumerate(heights):
        x = box["x"] + 4 + i / (len(heights) - 1) * (box["width"] - 8)
        page.mouse.move(x, box["y"] + (1 - height) * box["height"], steps=4)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


def state(page: Any, words: str) -> None:
    """Wait until the page says so."""
    page.locator("#state", has_text=words).wait_for()


def test_token_leaves_the_address(page: Any, studio: tuple[str, Any]) -> None:
    assert "#" in studio[0] and "#" not in page.url


def test_stroke_becomes_points_that_undo_takes_away(page: Any) -> None:
    before = points(page)
    stroke(page, "centroid", [0.2, 0.8, 0.3, 0.7])
    drawn = points(page)
    assert drawn != before and 3 <= len(drawn) <= 30
    page.keyboard.press("Control+z")
    assert points(page) == before
    page.keyboard.press("Control+Shift+z")
    assert points(page) == drawn


def test_drag_of_a_point_is_undone_as_one(page: Any) -> None:
    before = points(page)
    box = page.locator(".lane[data-name=centroid] .point").nth(1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 40, steps=12)
    page.mouse.up()
    assert points(page) != before and len(points(page)) == len(before)
    page.keyboard.press("Control+z")
    assert points(page) == before


def test_sound_that_is_drawn_has_the_centroid_that_is_drawn(page: Any, tmp_path: Path) -> None:
    import soundfile

    page.locator(".lane[data-name=flatness] h3 button").click()
    stroke(page, "centroid", [0.4, 0.8])
    state(page, "measured and corrected")
    with page.expect_download() as download:
        page.click("#export")
    download.value.save_as(tmp_path / "drawn.wav")
    y, sr = soundfile.read(tmp_path / "drawn.wav", dtype="float32")
    got = measure(y, sr)["centroid"]
    low, high = (float(said.split()[0]) for said in (points(page)[1], points(page)[-2]))
    asked = np.geomspace(low, high, len(got))
    inside = slice(20, -20)
    assert np.median(np.abs(np.log2(got[inside] / asked[inside]))) < 0.03


def test_keys_alone_walk_move_insert_delete_and_play(page: Any) -> None:
    before = points(page)
    page.locator(".lane[data-name=centroid] .point[tabindex='0']").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("PageDown")
    page.keyboard.press("Insert")
    assert len(points(page)) == len(before) + 1 and points(page)[0] != before[0]
    page.keyboard.press("Delete")
    assert len(points(page)) == len(before)
    page.keyboard.press(" ")
    page.locator("#play[aria-pressed=true]").wait_for()
    page.wait_for_timeout(1500)
    assert float(page.inner_text("#clock")) > 0.2
    page.keyboard.press(" ")
    assert page.get_attribute("#play", "aria-pressed") == "false"


def test_map_tells_the_code_that_is_pressed(page: Any) -> None:
    page.locator("#map[aria-busy=false]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.down("Enter")
    said = page.inner_text("#code")
    page.keyboard.up("Enter")
    code = int(said.split(":")[0].removeprefix("code "))
    assert f"centroid {vqsynth.load('violin').table['centroid'][code]:.0f} Hz" in said


def test_change_of_book_while_playing_is_undone_too(page: Any) -> None:
    page.click("#play")
    page.select_option("#book", "cello")
    state(page, "measured and corrected")
    page.locator("#undo").click()
    state(page, "measured and corrected")
    assert page.locator("#book").input_value() == "violin" and len(points(page)) == 4


def test_finger_draws_and_lanes_come_and_go(browser: Any, studio: tuple[str, Any]) -> None:
    context = browser.new_context(viewport={"width": 1024, "height": 768}, has_touch=True, color_scheme="dark")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(studio[0])
    page.wait_for_selector("html[data-ready]")
    box = page.locator(".lane[data-name=flatness] .plot").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + 20)
    assert len(points(page, "flatness")) == 2
    page.select_option("#add", "pitch")
    assert len(points(page, "pitch")) == 1
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert len(points(page, "pitch")) == 1 and len(points(page, "flatness")) == 2
    context.close()


def test_page_goes_on_when_the_server_has_ended(page: Any, studio: tuple[str, subprocess.Popen[str]]) -> None:
    """The last test: it ends the server. That the page asks in vain is no fault of it."""
    stroke(page, "centroid", [0.3, 0.7])
    state(page, "measured and corrected")
    studio[1].kill()
    studio[1].wait()
    stroke(page, "centroid", [0.7, 0.3])
    state(page, "the server does not answer")
    page.click("#play")
    page.wait_for_timeout(1500)
    assert float(page.inner_text("#clock")) > 0.2
