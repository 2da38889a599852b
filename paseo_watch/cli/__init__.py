"""The command line: flags in, an exit code out. 0 done, 1 failed, 2 wrong input. Nothing imports this package."""
