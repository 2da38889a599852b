"""What is going on, over HTTP: metrics, health, readiness, a page for people.

Comes in: `status.StatusView`, made by the composition root; the metrics' registry. Goes out: answers to GET.
May import everything up to `outbox`; nothing is changed from here.
"""
