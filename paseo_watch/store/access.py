"""What an opener of a store may do."""

from enum import Enum


class Access(Enum):
    """OWNER is the one service: it locks the store and brings its tables up to date.

    A GUEST makes short changes beside the owner (an operator's `outbox retry`): no lock, no migration; what it changes,
    the owner reads again at its next look. A READER works beside the owner and writes nothing.
    """

    OWNER = "owner"
    GUEST = "guest"
    READER = "reader"
