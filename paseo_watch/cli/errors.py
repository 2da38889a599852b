"""What a command ends with when it cannot do what was asked."""

from paseo_watch.errors import InputError, PermanentError

DONE, FAILED, WRONG_INPUT = 0, 1, 2


class WrongInput(InputError):
    """What was typed cannot be meant; the message says what was expected."""


class NobodyReads(PermanentError):
    """What is printed goes nowhere: `paseo-watch check --online | head` has seen enough. No more is to be said."""
