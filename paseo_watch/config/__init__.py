"""YAML in, one frozen `model.Config` out: every problem at once, each with file, line, key and what was expected.

Comes in: paths, an environment, the registries of sinks and watchers. Goes out: `load.load`, `model.Config`,
`schema.file_schema`, `problem.ConfigError`. May import every package but `app` and `cli`; none below imports this one.

The way of a file: `source` (bytes, text) -> `compose` (YAML to a `tree` that knows its lines) -> `layers` (`extends`,
folders) -> `secrets` and `places` (`${NAME}`, `*_file`, relative paths) -> `model` (pydantic) -> `check` (across keys).
"""
