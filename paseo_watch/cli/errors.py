"""What a command ends with when it cannot do what was asked."""

from paseo_watch.errors import InputError

DONE, FAILED, WRONG_INPUT = 0, 1, 2


class WrongInput(InputError):
    """What was typed cannot be meant; the message says what was expected."""
