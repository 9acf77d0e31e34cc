"""A story as one HTML page that needs nothing else: no network, no framework, no server.

Theory of operation: the page is ``assets/page.html`` with the style sheet, the script and the story put in. The story
is the JSON of ``as_json`` in an element that browsers do not run, and the script, ``SCRIPTS`` joined to one module,
makes all there is to see of it; text becomes text nodes, never markup. The page's own policy (Content Security Policy
3) allows that one script and that one style sheet, by their hashes, and nothing else: even if markup of a peer's got
in, it could neither run nor load anything.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib import resources
from string import Template

from puressl.explain import as_json
from puressl.explain.certificates import printable
from puressl.explain.model import Story

#: The script's parts; each uses only what stands before it.
SCRIPTS = ("dom.js", "bytes.js", "timeline.js", "schedule.js", "layers.js", "machine.js", "page.js")

#: What could end the element that holds the JSON or the line it stands in, and what UTF-8 cannot carry. In JSON all of
#: it stands inside strings, where an escape means the same.
_ACTIVE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def to_html(story: Story) -> str:
    """The page. The same story always gives the same."""
    style, script = _asset("page.css"), "\n".join(map(_asset, SCRIPTS))
    return Template(_asset("page.html")).substitute(
        title=html.escape(printable(story.title)),
        style=style,
        style_hash=_source_hash(style),
        script=script,
        script_hash=_source_hash(script),
        story=_inert(as_json.to_json(story, indent=None)),
    )


def _inert(text: str) -> str:
    """JSON that HTML finds nothing in."""
    return _ACTIVE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _source_hash(text: str) -> str:
    """The hash by which a policy allows an inline element (Content Security Policy 3, 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _asset(name: str) -> str:
    return (resources.files("puressl.explain") / "assets" / name).read_text("utf-8")
