"""What a command ends with when it cannot do what was asked."""

from paseo_watch.errors import InputError, PermanentError

DONE, FAILED, WRONG_INPUT = 0, 1, 2


class WrongInput(InputError):
    """What was typed cannot be meant; the message says what was expected."""


class UnknownName(WrongInput):
    """A name that is not in the configuration; which one that is, is said where it was named by no flag."""


class NobodyReads(PermanentError):
    """What is printed goes nowhere: `paseo-watch check --online | head` has seen enough. No more is to be said."""
