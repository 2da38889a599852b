"""An alert as people read it, purely.

Comes in: an alert as data, and our time. Goes out: plain text, Matrix HTML, an embed of Discord.

    clean    what was written by others, as lines that show all they hold
    data     the alert as one line of JSON
    message  the alert as a `Message`: what matters, bounded, form left open
    inert    what was written by others, for a form: no markup, no mention, no link
    text, html, embed   the three forms

Imports the standard library and orjson only.
"""
