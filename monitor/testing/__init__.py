"""What do tests of trackwatch, and of channels that others write, stand on instead of the outside world?"""

from monitor.testing.memory import MemoryOutbox, Recorder, example, resolved
from monitor.testing.slack import FakeSlack, Fault

__all__ = ["FakeSlack", "Fault", "MemoryOutbox", "Recorder", "example", "resolved"]
