"""Observations in, notifications out: the alert router, in Alertmanager's terms, pure.

Comes in: observations, the stored firing conditions, the block or the time. Goes out: notifications, each with the
receivers that it is for, and changes of alert state. May import `watchers.watcher`; no clock, no I/O.
"""
