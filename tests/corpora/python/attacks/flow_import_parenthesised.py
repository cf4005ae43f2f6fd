from os import (
    system as
    harmless,
)
