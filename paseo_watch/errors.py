"""The two kinds of error at every edge.

    PaseoWatchError
    ├── TransientError   may go away by itself: try again, here or elsewhere
    └── PermanentError   will not go away by itself: do not repeat the same call, tell somebody
        └── InputError   what the user gave (a flag, a configuration, a file) cannot be used
    ValueError
    └── Expected             a value of the configuration is not what it should be

Each package derives its own errors from one of the two, so that the caller's question
("again, or never?") is answered by the type and never by the text.
"""


class PaseoWatchError(Exception):
    """Root of every error that this package raises on purpose."""


class TransientError(PaseoWatchError):
    """May go away by itself; trying again is right."""


class PermanentError(PaseoWatchError):
    """Will not go away by itself; trying the same again is wrong."""


class InputError(PermanentError):
    """What the user gave cannot be used as it is; a command ends with the exit code for wrong input."""


class Expected(ValueError):
    """Says what was expected of a value and repeats nothing that was given: safe to show, though it was a secret.

    For validators: pydantic takes a ValueError for the answer, and no error of another kind.
    """
