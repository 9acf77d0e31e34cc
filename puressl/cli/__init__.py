"""The command line: one module per subcommand, listed in ``puressl.cli.main``."""
