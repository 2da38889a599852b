"""The composition root: builds everything in one straight line, owns the task group and the clean-up.

Comes in: a `config.model.Config` and how to run it. Goes out: a running service. May import everything but `cli`.
"""
