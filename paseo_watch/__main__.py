"""`python -m paseo_watch` is `paseo-watch`."""

import sys

from paseo_watch.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
