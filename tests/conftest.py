"""What every test needs."""

import asyncio
import signal

from hypothesis import settings

# For a test without a loop, looptime asks asyncio for one, which makes one that nobody closes.
asyncio.set_event_loop(None)

# A busy machine is no failure of an example.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# What a shell runs in the background ignores Ctrl-C, and so would the programs that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
