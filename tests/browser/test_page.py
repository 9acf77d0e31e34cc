"""The page of a story as a reader uses it: with a pointer, with keys alone, dark or light, narrow, and on paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from puressl.explain.model import CLIENT, SERVER, Field, Story

from support.pages import ATTACK, failed_story, hostile_story
from support.stories import story

if TYPE_CHECKING:
    from browser.conftest import Opened

    OpenPage = Callable[[Story], Opened]

pytestmark = pytest.mark.interop

#: Of every kind one; the others differ from these in nothing that a page shows.
SHOWN = (
    "tls13",
    "tls13 with a client certificate",
    "tls13 resumed with hello retry",
    "tls13 with AES-256 and RSA",
    "tls12 ECDHE with a client certificate",
    "tls12 DHE",
    "tls12 resumed by session id",
)
VIEWS = ("message", "keys", "states", "certificates", "connection")
#: Widths of a telephone, a tablet, a laptop, in CSS pixels; the least the page is made for is in WCAG 2.2, 1.4.10.
WIDTHS = (320, 400, 800, 1200, 1440)
MIN_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
TEXTS = (".soft", ".clause", ".step .message", ".step .carried", ".field .name", ".byte", ".text", ".verdict", ".from")


def innermost(fields: tuple[Field, ...], offset: int) -> int:
    """The field a byte belongs to: parents stand before their parts."""
    return max(index for index, each in enumerate(fields) if each.start <= offset < each.end)


def state_after(told: Story, role: str, step: int) -> str:
    moves = [move for each in told.steps[: step + 1] for move in each.moves if move.by == role]
    return moves[-1].entered if moves else next(edge.left for edge in told.edges if edge.by == role)


# Opening ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHOWN)
def test_every_step_of_a_story_opens_without_a_complaint(name: str, open_page: OpenPage) -> None:
    page = open_page(story(name))
    messages = page.tab.evaluate(
        """() => [...document.querySelectorAll(".step")].map((row) => {
            row.click();
            for (const source of document.querySelectorAll("[data-source]")) source.click();
            return document.querySelector("#message .heading .message").textContent;
        })"""
    )
    assert messages == [step.message for step in page.story.steps]
    for view in VIEWS:
        page.tab.dispatch_event(f"#view-{view}", "click")
        assert page.tab.is_visible(f"#{view}")
    assert page.complaints == []
    assert {request.partition("#")[0] for request in page.requests} <= {"about:blank", page.address}


def test_step_of_the_address_is_restored_and_kept(open_page: OpenPage) -> None:
    page = open_page(story("tls13")).at(4)
    assert page.tab.text_content("#place") == f"Step 5 of {len(page.story.steps)}"
    page.tab.keyboard.press("ArrowRight")
    assert page.tab.url.endswith("#step-5")
    page.tab.reload()
    assert page.tab.get_attribute("[aria-current=step]", "data-step") == "5"
    page.tab.evaluate("location.hash = '#step-2'")
    page.tab.wait_for_selector('[data-step="2"][aria-current=step]')


@pytest.mark.parametrize("fragment", ["#step-9999", "#step-x", "#step--1", "#<img src=x>"])
def test_any_address_shows_a_step(fragment: str, open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    page.tab.goto("about:blank")
    page.tab.goto(page.address + fragment)
    assert page.tab.locator("[aria-current=step]").count() == 1
    assert page.complaints == []


# Bytes and fields ---------------------------------------------------------------------------------------------------


def test_click_on_a_field_marks_exactly_its_bytes(open_page: OpenPage) -> None:
    page = open_page(story("tls13")).at(1)
    page.tab.click("text=Unfold all")
    for index, field in enumerate(page.story.steps[1].fields):
        page.tab.click(f'#bytes [data-field="{index}"] .name')
        assert page.marked == list(range(field.start, field.end)), field.path
        assert page.tab.get_attribute(f'[data-field="{index}"]', "aria-selected") == "true"


def test_click_on_a_byte_marks_its_field_and_shows_its_path(open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    fields = page.story.steps[0].fields
    for offset in range(0, len(page.story.steps[0].raw), 23):
        page.tab.click(f'#bytes .byte[data-at="{offset}"]')
        index = innermost(fields, offset)
        assert page.marked_field == index
        assert page.marked == list(range(fields[index].start, fields[index].end))
        assert page.path.startswith(fields[index].path)
        assert fields[index].clause in page.path
        page.tab.keyboard.press("Escape")


def test_pointing_marks_until_the_pointer_leaves_and_a_pin_stays(open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    random = page.story.steps[0].fields[4]
    page.tab.hover('#bytes .byte[data-at="10"]')
    assert page.marked == list(range(random.start, random.end))
    page.tab.hover("#title")
    assert page.marked == []
    page.tab.click('#bytes .byte[data-at="10"]')
    page.tab.hover('#bytes .byte[data-at="0"]')
    assert page.marked == [0]
    page.tab.hover("#title")
    assert page.marked == list(range(random.start, random.end))
    page.tab.click('#bytes .byte[data-at="10"]')
    page.tab.hover("#title")
    page.tab.evaluate("document.activeElement.blur()")
    assert page.marked == []


def test_byte_of_a_folded_field_marks_what_it_is_folded_into_and_a_click_unfolds_it(open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    fields = page.story.steps[0].fields
    index = next(number for number, each in enumerate(fields) if each.path.endswith("host_name.content"))
    cell = f'#bytes .byte[data-at="{fields[index].start}"]'
    page.tab.hover(cell)
    assert fields[page.marked_field].path == "ClientHello.extensions.server_name"
    assert page.marked == list(range(fields[index].start, fields[index].end))
    page.tab.click(cell)
    assert page.marked_field == index
    assert page.tab.is_visible(f'[data-field="{index}"]')


def test_fields_fold_with_the_keys_of_a_tree(open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    press = page.tab.keyboard.press
    page.tab.focus('[data-field="0"]')
    press("ArrowLeft")
    assert page.tab.locator("#bytes .field:visible").count() == 1
    press("ArrowRight")
    press("ArrowRight")
    press("ArrowDown")
    length = page.story.steps[0].fields[2]
    assert page.marked == list(range(length.start, length.end))
    press("Enter")
    page.tab.hover("#title")
    page.tab.evaluate("document.activeElement.blur()")
    assert page.marked == list(range(length.start, length.end))


def test_keys_move_from_byte_to_byte(open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    page.tab.focus('#bytes .byte[data-at="0"]')
    for key, expected in (("ArrowRight", 1), ("ArrowDown", 17), ("ArrowLeft", 16), ("ArrowUp", 0), ("ArrowUp", 0)):
        page.tab.keyboard.press(key)
        assert page.tab.evaluate("document.activeElement.dataset.at") == str(expected)
    assert page.tab.url.endswith("#step-0")


def test_record_is_shown_as_sent_beside_its_plaintext(open_page: OpenPage) -> None:
    told = story("tls13")
    step = next(each for each in told.steps if each.message == "Certificate")
    record = told.records[step.records[0]]
    page = open_page(told).at(step.number)
    page.tab.click(f'[data-source="{record.number}"]')
    wire, opened = (page.tab.locator("#bytes .dump").nth(number) for number in (0, 1))
    script = "dump => [...dump.querySelectorAll('.byte')].map(each => each.textContent).join('')"
    assert wire.evaluate(script) == record.raw.hex()
    assert record.plaintext is not None
    assert opened.evaluate(script) == record.plaintext.hex()
    held = page.all("#bytes .byte.held", "Number(each.dataset.at)")
    assert held == list(range(step.offset, step.offset + len(step.raw)))


def test_message_is_marked_off_in_a_record_without_protection(open_page: OpenPage) -> None:
    told = story("tls12 ECDHE with a client certificate")
    step = next(each for each in told.steps if each.message == "ServerKeyExchange")
    page = open_page(told).at(step.number)
    page.tab.click(f'[data-source="{step.records[0]}"]')
    start = len(told.records[step.records[0]].raw) - len(told.records[step.records[0]].plaintext or b"") + step.offset
    assert page.all("#bytes .byte.held", "Number(each.dataset.at)") == list(range(start, start + len(step.raw)))


# Steps --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tls13 with hello retry and a client certificate", "tls13 resumed", "tls12 ECDHE"])
def test_stepping_moves_the_states_and_lights_the_secrets(name: str, open_page: OpenPage) -> None:
    page = open_page(story(name))
    told = page.story
    for step in told.steps:
        for role in (CLIENT, SERVER):
            current = page.all(f"#states-{role} .state.current", "each.dataset.state")
            assert current == [state_after(told, role, step.number)]
            taken = page.all(f"#states-{role} .edge.taken", "[each.dataset.left, each.dataset.entered]")
            moved = {(move.left, move.entered) for move in step.moves if move.by == role}
            assert {tuple(each) for each in taken} == {move for move in moved if move[0] != move[1]}
        known = page.all("#keys .secret.known", "each.dataset.secret")
        assert sorted(known) == sorted(each.name for each in told.secrets if each.step <= step.number)
        new = page.all("#keys .secret.new", "each.dataset.secret")
        assert sorted(new) == sorted(each.name for each in told.secrets if each.step == step.number)
        page.tab.keyboard.press("ArrowRight")


def test_keys_step_in_the_view_that_was_clicked(open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    page.tab.click("#view-states")
    page.tab.click("#tab-states-server")
    page.tab.keyboard.press("End")
    assert page.tab.is_visible("#states-server .state.current[data-state=ServerConnected]")


def test_keys_buttons_and_rows_step(open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    last = len(page.story.steps) - 1
    ways: list[tuple[Callable[[], Any], int]] = [
        (lambda: page.tab.keyboard.press("End"), last),
        (lambda: page.tab.keyboard.press("ArrowRight"), last),
        (lambda: page.tab.keyboard.press("ArrowLeft"), last - 1),
        (lambda: page.tab.keyboard.press("Home"), 0),
        (lambda: page.tab.click("#forward"), 1),
        (lambda: page.tab.click("#last"), last),
        (lambda: page.tab.click("#back"), last - 1),
        (lambda: page.tab.click("#first"), 0),
        (lambda: page.tab.click('.step[data-step="6"]'), 6),
        (lambda: page.tab.keyboard.press("ArrowDown"), 7),
    ]
    for way, expected in ways:
        way()
        assert page.tab.get_attribute("[aria-current=step]", "data-step") == str(expected)


def test_checks_states_and_secrets_of_a_step_are_told(open_page: OpenPage) -> None:
    told = story("tls13")
    page = open_page(told).at(1)
    text = page.tab.inner_text("#message .cards")
    for check in told.steps[1].checks:
        assert check.what in text
        assert check.clause in text
    for move in told.steps[1].moves:
        assert move.left in text
        assert move.entered in text
    page.tab.click(".derived >> text=handshake_secret")
    assert page.tab.is_visible("#keys .detail")


def test_choosing_a_secret_shows_what_it_is_made_of(open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    page.tab.click("#view-keys")
    page.tab.click('[data-secret="handshake_secret"]')
    assert "HKDF-Extract" in page.tab.inner_text("#keys .detail")
    page.tab.click('[data-secret="handshake_secret"]')
    assert "HKDF-Extract" not in page.tab.inner_text("#keys .detail")
    for secret in page.story.secrets:
        page.tab.dispatch_event(f'[data-secret="{secret.name}"]', "click")
        text = page.tab.text_content("#keys .detail")
        for expected in (secret.name, secret.operation, secret.label, secret.clause, secret.value.hex()):
            assert expected in text
        for each in secret.inputs:
            assert each.name in text
            assert each.value.hex() in text


def test_failure_is_told_where_it_happened(open_page: OpenPage) -> None:
    told = failed_story()
    step = next(each for each in told.steps if each.failure)
    page = open_page(told).at(step.number)
    assert step.failure in page.tab.inner_text("#message .failure")
    assert page.tab.locator("#message .broken").count() == sum(not check.passed for check in step.checks)
    failed = page.all(".step.failed", "Number(each.dataset.step)")
    assert failed == [each.number for each in told.steps if each.failure]


def test_certificates_path_and_facts_are_told(open_page: OpenPage) -> None:
    page = open_page(story("tls13 with a client certificate"))
    assert page.all("#certificates .chain li", "each.textContent") == list(page.story.verified_path)
    assert page.tab.locator("#certificates details").count() == len(page.story.certificates)
    facts = [*page.story.facts, ("JA3", page.story.ja3), ("JA4", page.story.ja4)]
    rows = page.all("#connection tr", "[each.cells[0].textContent, each.cells[1].textContent]")
    assert [tuple(row) for row in rows] == facts


# Hostile peers ------------------------------------------------------------------------------------------------------


def test_what_a_peer_says_stays_text(open_page: OpenPage) -> None:
    page = open_page(hostile_story())
    for view in VIEWS:
        page.tab.dispatch_event(f"#view-{view}", "click")
        page.tab.keyboard.press("ArrowRight")
    page.tab.emulate_media(media="print")
    assert page.tab.locator("img").count() == 0
    assert page.tab.title() != "1"
    assert ATTACK.replace("\x00", "") in page.tab.text_content("#connection").replace("\x00", "")
    assert page.complaints == []


def test_policy_stops_script_style_and_requests_that_got_in(open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    page.tab.evaluate("window.ran = 0")
    page.tab.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = 1";
            const style = document.createElement("style");
            style.textContent = "body { display: none }";
            const image = document.createElement("img");
            image.src = "https://peer.example/";
            document.body.append(script, style, image);
        }"""
    )
    page.tab.wait_for_timeout(100)
    assert page.tab.evaluate("window.ran") == 0
    assert page.tab.is_visible("h1")
    assert len([each for each in page.complaints if "Content Security Policy" in each]) == 3


# Looks --------------------------------------------------------------------------------------------------------------


def luminance(colour: list[float]) -> float:
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


#: Colours of the text of an element and of what lies behind it, red, green and blue from 0 to 1.
COLOURS = """each => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const pixel = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data].map((value) => value / 255);
    };
    let behind = each;
    while (behind && pixel(getComputedStyle(behind).backgroundColor)[3] < 1) behind = behind.parentElement;
    const ground = getComputedStyle(behind ?? document.documentElement).backgroundColor;
    return [pixel(getComputedStyle(each).color), pixel(ground)].map((colour) => colour.slice(0, 3));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(scheme: str, open_page: OpenPage) -> None:
    page = open_page(failed_story())
    page.tab.emulate_media(color_scheme=scheme)
    page.at(4)
    page.tab.click('[data-field="1"]')
    for selector in (
        *TEXTS,
        ".failure",
        ".broken",
        ".marked .name",
        ".byte.marked",
        "[aria-current] .carried",
        ".quiet",
    ):
        for each in page.tab.locator(selector).all()[:12]:
            text, ground = map(luminance, each.evaluate(COLOURS))
            contrast = (max(text, ground) + 0.05) / (min(text, ground) + 0.05)
            assert contrast >= MIN_CONTRAST, selector


def test_colours_follow_the_system_until_the_reader_chooses(open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    page.tab.emulate_media(color_scheme="light")
    light = page.tab.evaluate(ground)
    page.tab.emulate_media(color_scheme="dark")
    dark = page.tab.evaluate(ground)
    assert light != dark
    shown = []
    for _ in range(3):
        page.tab.click("#theme")
        shown.append(page.tab.evaluate(ground))
    assert shown == [light, dark, dark]


@pytest.mark.parametrize("name", ["tls13 with a client certificate", "tls12 ECDHE with a client certificate"])
def test_page_is_never_wider_than_the_window(name: str, open_page: OpenPage) -> None:
    page = open_page(story(name))
    for width in WIDTHS:
        page.tab.set_viewport_size({"width": width, "height": 800})
        for view in VIEWS:
            page.tab.dispatch_event(f"#view-{view}", "click")
            assert page.tab.evaluate("document.documentElement.scrollWidth") <= width, (width, view)


def test_everything_is_reached_with_tab_and_left_again(open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    met = []
    for _ in range(60):
        page.tab.keyboard.press("Tab")
        met.append(
            page.tab.evaluate(
                "(e => e === document.body ? 'body' : [e.id, e.getAttribute('role'), e.className].join(' '))"
                "(document.activeElement)"
            )
        )
        if met[-1] == "body":
            break
    assert met[-1] == "body"
    for expected in ("skip", "first", "theme", "step", "view-message tab", "gridcell", "treeitem", "quiet"):
        assert any(expected in each for each in met), expected


def test_focus_is_seen(open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    for _ in range(12):
        page.tab.keyboard.press("Tab")
        style = page.tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style == "solid"


def test_secrets_are_chosen_with_keys(open_page: OpenPage) -> None:
    page = open_page(story("tls13"))
    page.tab.focus("#view-message")
    page.tab.keyboard.press("ArrowRight")
    assert page.tab.is_visible("#keys")
    page.tab.keyboard.press("Tab")
    page.tab.keyboard.press("ArrowDown")
    page.tab.keyboard.press("Enter")
    chosen = page.tab.evaluate("document.activeElement.dataset.secret")
    assert chosen in page.tab.text_content("#keys .detail")
    page.tab.keyboard.press("ArrowRight")
    assert page.tab.url.endswith("#step-1")


def test_paper_gets_every_step_in_full(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(story("tls13"))
    page.tab.emulate_media(media="print", color_scheme="dark")
    page.tab.wait_for_selector(".printed-step", state="attached")
    assert page.all(".printed-step .heading .message", "each.textContent") == [
        each.message for each in page.story.steps
    ]
    for step, rows in zip(page.story.steps, page.all(".printed-step tbody", "each.rows.length"), strict=True):
        assert rows == len(step.fields)
    assert page.all(".printed-secret h3", "each.textContent") == [each.name for each in page.story.secrets]
    for hidden in (".stepping", ".timeline", "#views"):
        assert not page.tab.is_visible(hidden)
    for shown in ("#keys .drawing", "#states-client .drawing", "#states-server .drawing", "#certificates .entry"):
        assert page.tab.is_visible(shown)
    assert page.tab.evaluate("getComputedStyle(document.body).color") == "rgb(29, 33, 39)"
    file = tmp_path / "page.pdf"
    page.tab.pdf(path=str(file))
    assert file.read_bytes().startswith(b"%PDF")
