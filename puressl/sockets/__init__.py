"""The socket interface, after ssl(3): sockets with owners, messages and modes, as ``puressl`` exports it.

Theory of operation: each socket has a process, as in Erlang, which here is an object (``connected.Connected``,
``listener.Listener``) and no thread. A passive socket's calls run in their caller's thread. Active sockets are served
by the application's one loop thread (``loop.Loop``), which reads, decodes and puts messages into the owner's mailbox.
What both have in common is ``Connected.attend``: whoever holds the socket's turn to read decodes, and nobody else.

The modules, from the bottom up: ``messages`` and ``mailbox`` (owners); ``data``, ``packets`` and ``http_packets``
(bytes and their framing); ``values``, ``addresses`` and ``options`` (the table of options); ``files`` and ``configure``
(options to the core's configurations); ``status`` and ``active`` (what a process may do); ``progress``, ``lingering``
and ``loop``; ``process``, ``connected`` and ``listener``; ``application`` (start, stop, and which sockets there are);
and ``calls``, the public functions.
"""
