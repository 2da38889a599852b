"""Our SCALE decoder against the decoders that others wrote, leaf by leaf."""
