"""Real runtimes on loopback: what Node needs, and the scenarios driven through it."""
