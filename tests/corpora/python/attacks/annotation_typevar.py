from typing import TypeVar, NewType, cast
T = TypeVar("T", bound="__import__('os').system('id')")
