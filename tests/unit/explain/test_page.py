"""The HTML page as text: complete in itself, its policy kept, and nothing in it that a peer could bring to life."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import pytest

from puressl.explain import as_json
from puressl.explain.model import Story
from puressl.explain.page import SCRIPTS, to_html

from support.pages import failed_story, hostile_story
from support.stories import BY_NAME, story

MAX_SIZE = 500_000
SVG_NAMESPACE = "http://www.w3.org/2000/svg"


class Outline(HTMLParser):
    """The elements of a page with their attributes, and the text of those that hold code or data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = dict(attrs).get("type") or tag

    def handle_data(self, data: str) -> None:
        if self._open in ("style", "module", "application/json", "title"):
            self.texts[self._open] = self.texts.get(self._open, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    @property
    def policy(self) -> str:
        (found,) = [each["content"] for tag, each in self.elements if each.get("http-equiv")]
        return found or ""


@pytest.mark.parametrize("name", BY_NAME)
def test_page_holds_the_whole_story(name: str) -> None:
    outline = Outline(to_html(story(name)))
    assert as_json.from_json(outline.texts["application/json"]) == story(name)
    assert outline.texts["title"] == name


@pytest.mark.parametrize("name", BY_NAME)
def test_page_is_small(name: str) -> None:
    assert len(to_html(story(name)).encode()) < MAX_SIZE


def test_page_is_the_same_each_time() -> None:
    assert to_html(story("tls13")) == to_html(as_json.from_json(as_json.to_json(story("tls13"))))


def test_page_names_no_other_place() -> None:
    text = to_html(story("tls13"))
    addresses = set(re.findall(r"\b[a-z]+://[^\s\"'<>]*", text))
    assert addresses <= {SVG_NAMESPACE}
    outline = Outline(text)
    assert not [each for _, each in outline.elements if "src" in each or each.get("href", "#")[:1] != "#"]
    assert not [tag for tag, _ in outline.elements if tag in ("link", "img", "iframe", "object", "embed", "base")]
    assert not re.search(r"url\(|@import", outline.texts["style"])


def test_policy_allows_the_page_s_own_script_and_style_and_nothing_else() -> None:
    outline = Outline(to_html(story("tls13")))
    rules = dict(rule.split(None, 1) for rule in outline.policy.split("; "))
    assert rules.pop("default-src") == rules.pop("base-uri") == rules.pop("form-action") == "'none'"
    for directive, element in (("style-src", "style"), ("script-src", "module")):
        digest = base64.b64encode(hashlib.sha256(outline.texts[element].encode()).digest()).decode()
        assert rules.pop(directive) == f"'sha256-{digest}'"
    assert not rules


def test_policy_is_the_first_thing_after_the_encoding() -> None:
    elements = [each for tag, each in Outline(to_html(story("tls13"))).elements if tag == "meta"]
    assert "charset" in elements[0]
    assert elements[1]["http-equiv"] == "Content-Security-Policy"


@pytest.mark.parametrize("told", [hostile_story(), failed_story()], ids=["hostile", "failed"])
def test_page_has_the_same_elements_whatever_the_peer_says(told: Story) -> None:
    assert Outline(to_html(told)).elements == Outline(to_html(story("tls13"))).elements


def test_data_cannot_leave_its_element() -> None:
    text = to_html(hostile_story())
    data = text[text.index('id="story">') : text.index('<script type="module">')].removeprefix('id="story">')
    data = data.strip().removesuffix("</script>")
    assert not re.search("[<>&\u2028\u2029]", data)
    assert as_json.from_json(data) == hostile_story()


def test_title_is_escaped() -> None:
    told = replace(story("tls13"), title="<b>&</title>")
    assert f"<title>{html.escape(told.title)}</title>" in to_html(told)


def test_page_of_nothing_is_a_page() -> None:
    empty = Story("nothing", (), "", "", (), (), (), (), (), (), ())
    assert Outline(to_html(empty)).texts["title"] == "nothing"


def test_text_that_utf8_cannot_carry_is_escaped() -> None:
    to_html(replace(story("tls13"), notes=("\ud800",))).encode()


def test_no_asset_ends_its_own_element_and_no_script_makes_markup() -> None:
    assets = resources.files("puressl.explain") / "assets"
    for name in SCRIPTS:
        script = (assets / name).read_text("utf-8")
        assert "</script" not in script
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", script)
    assert "</style" not in (assets / "page.css").read_text("utf-8")
    assert {each.name for each in assets.iterdir()} == {*SCRIPTS, "page.css", "page.html"}
