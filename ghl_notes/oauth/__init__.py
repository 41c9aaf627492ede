"""Tokens and installs.

``auth`` is what a client asks for a token, ``session`` and ``authorize`` are where tokens come
from, ``installs`` keeps them alive.
"""
