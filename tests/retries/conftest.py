"""What looptime needs beside it."""

import asyncio

# For a test without a loop, looptime asks asyncio for one, which makes one that nobody closes.
asyncio.set_event_loop(None)
