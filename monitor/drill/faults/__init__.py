"""Which classes of faults are there? A file of this folder for each family."""

from monitor.drill.fault import Fault
from monitor.drill.faults import excess, loss

FAULTS: tuple[Fault, ...] = (*loss.FAULTS, *excess.FAULTS)
BY_NAME = {fault.name: fault for fault in FAULTS}
