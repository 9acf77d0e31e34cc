"""``puressl decode``: all of a recorded connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rich_click as click

from puressl.cli import options
from puressl.cli.stories import show, story_options
from puressl.errors import Reason, SSLError
from puressl.explain.capture.file import CaptureFile, read_capture
from puressl.explain.capture.keylog import Secrets, read_keylog
from puressl.explain.capture.packets import segments
from puressl.explain.capture.streams import Conversation, Dialogue, conversations
from puressl.explain.model import Story
from puressl.explain.recorded import explain_recorded, has_tls


@click.command("decode")
@click.argument("capture", metavar="CAPTURE")
@click.option("--keylog", metavar="FILE", multiple=True, help="Secrets, as SSLKEYLOGFILE has them; may be repeated.")
@click.option(
    "--stream", type=click.IntRange(0), help="Which TCP stream, as tshark counts them. [default: the first with TLS]"
)
@story_options()
def command(capture: str, keylog: tuple[str, ...], stream: int | None, **given: Any) -> None:
    """Show all of a recorded connection, as inspect shows a live one. CAPTURE is a pcap or pcapng file, - stdin.

    What the key log has secrets for is decrypted; a key log inside a pcapng file counts, too. What cannot be read is
    shown as it travelled, and the notes say why.

    Examples:

    \b
      puressl decode capture.pcapng --keylog keys.txt
      puressl decode capture.pcapng --stream 3 --level 2 --html page.html
    """
    options.standard_output()
    with options.about(capture):
        found = read_capture(options.read_file(capture, "CAPTURE"))
        story = _story(found, stream, _logs(found, keylog), capture)
    show(story, given)


def _logs(found: CaptureFile, paths: tuple[str, ...]) -> Mapping[bytes, Secrets] | None:
    """The secrets of embedded and given logs, None if there are no logs."""
    logs = [*found.key_logs, *(options.read_file(path, "--keylog") for path in paths)]
    return read_keylog(logs) if logs else None


def _story(found: CaptureFile, stream: int | None, logs: Mapping[bytes, Secrets] | None, source: str) -> Story:
    notes = list(found.notes)
    all_streams = conversations(segments(found.frames, notes))
    number, dialogue = _chosen(all_streams, stream, notes)
    title = f"TCP stream {number} of {source}: {dialogue.client} to {dialogue.server}"
    return explain_recorded(dialogue, logs, title, notes)


def _chosen(all_streams: list[Conversation], stream: int | None, notes: list[str]) -> tuple[int, Dialogue]:
    """The stream to show. Others with TLS in them are noted."""
    if stream is not None:
        if stream >= len(all_streams):
            raise SSLError(Reason.EINVAL, f"no TCP stream {stream}; there are {len(all_streams)}, counted from 0")
        return stream, all_streams[stream].dialogue()
    dialogues = ((each.number, each.dialogue()) for each in all_streams)
    chosen = next((each for each in dialogues if has_tls(each[1])), None)
    if chosen is None:
        raise SSLError(Reason.EINVAL, f"no TLS in any of {len(all_streams)} TCP streams")
    if len(all_streams) > 1:
        notes.append(f"stream {chosen[0]} of {len(all_streams)} TCP streams; --stream shows another")
    return chosen
