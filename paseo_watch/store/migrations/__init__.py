"""Alembic's folder: `env.py` runs the revisions in `versions`, each written by hand and never changed once released.

A new one: a file `versions/NNNN_what.py` with the next number as `revision`, beside the change of `tables.py`.
"""
