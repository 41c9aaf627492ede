"""What every test needs."""

import asyncio

from hypothesis import settings

# For a test without a loop, looptime asks asyncio for one, which makes one that nobody closes.
asyncio.set_event_loop(None)

# A busy machine is no failure of an example.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
