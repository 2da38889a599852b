"""The life of a block: follow -> watch -> route -> commit. Nothing flows back up.

`decide` is the pure middle, `commit` the one transaction, `pipeline` the loop that reads like the sentence above.
May import everything from `errors` to `outbox`.
"""
