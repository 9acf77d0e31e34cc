"""Conformance vectors: made, checked against puressl, and run against other implementations of TLS.

Theory of operation: ``vectors/`` holds documents, JSON files of cases, in a directory for each family. A family is a
module here: rows that say what its cases are, and a function that does what a case asks for. ``puressl vectors make``
writes the documents from the rows; ``check`` reads the documents, never the rows, and holds puressl to them; ``run``
holds another implementation to them, over loopback or by asking a process of its own line by line.
"""
