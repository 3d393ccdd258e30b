"""The command line: options, subcommands and their output."""
