"""Connections explained: what every byte means, what was checked and derived, and by which clause.

Theory of operation: a *source* makes a ``Story`` (``model``): a traced connection of ours (``watch``), a recorded one
with its key log (``recorded``), or a piece of TLS by itself (``piece``). A *teller* makes something to look at of a
story and knows no source: text (``text``), JSON (``as_json``), one HTML page (``page``). All that a teller needs stands
in the story as plain values, so the JSON loses nothing and a page can be made of it anywhere.
"""
