"""Strategy with metadata."""
__version__ = "1.0"
__author__ = "someone"
__all__ = ["run"]
def run():
    """Run it."""
    return __version__
print(run(), run.__doc__, __doc__)
