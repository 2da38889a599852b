"""What is loaded when."""

import subprocess
import sys


def test_nio_is_loaded_with_the_first_matrix_sink_and_not_with_the_registry() -> None:
    """Every command reads the registry; few need a client of Matrix."""
    program = "import sys, paseo_watch.sinks.registry; print('nio' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"
