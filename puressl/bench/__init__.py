"""The measured workloads: handshakes, memory and throughput, beside tlslite-ng's.

Theory of operation: a workload runs both ends of a connection in one thread over memory, so that neither sockets nor
the scheduler are measured. Where tlslite-ng can do the same it is measured in the same process, the two taking turns,
with the same suite, group, kind of key and hash, and with its pure Python ciphers. tlslite-ng verifies no chain, so
puressl's does not either in what is compared; the figure with verification stands beside it.
"""
