"""Who judges our Discord: the API description that Discord publishes, and two clients that are not ours."""
