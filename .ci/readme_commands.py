"""Prints the commands of the README's section "Two commands", so that the gate runs what a newcomer types."""

import pathlib
import re
import sys

text = pathlib.Path("README.md").read_text(encoding="utf-8")
section = re.search(r"^## Two commands$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
commands = re.findall(r"^```sh\n(.*?)^```$", section.group(1) if section else "", re.MULTILINE | re.DOTALL)
if len(commands) != 2:
    sys.exit("README.md: the section 'Two commands' does not hold two sh blocks")
sys.stdout.write("".join(commands))
