"""Recorded traffic: capture files, the TCP streams in them, and key logs.

Theory of operation: ``file`` takes frames and embedded key logs out of pcap and pcapng, ``packets`` finds the TCP
segment in a frame, ``streams`` makes conversations of segments and, of each, the bytes that either end sent in the
order in which they happened. ``keylog`` reads secrets, ``write`` makes a capture of a story. None of them knows TLS
records: ``explain.recorded`` does.
"""
