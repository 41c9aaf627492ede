"""Stores that hold a password or a key, and keep it out of pickles."""

from typing import NoReturn

__all__ = ["Secretive"]


class Secretive:
    """Refuses to be pickled or copied out."""

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        msg = f"{type(self).__name__} holds secrets and is not pickled; make one in each process"
        raise TypeError(msg)
