"""The classes of the original single-process system, on the same pipeline."""
