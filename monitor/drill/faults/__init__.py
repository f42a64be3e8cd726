"""Which classes of faults are there? A file of this folder for each family."""

from monitor.drill.fault import Fault
from monitor.drill.faults import clients, contents, excess, late, loss, rename

FAULTS: tuple[Fault, ...] = (
    *loss.FAULTS,
    *excess.FAULTS,
    *rename.FAULTS,
    *contents.FAULTS,
    *clients.FAULTS,
    *late.FAULTS,
)
BY_NAME = {fault.name: fault for fault in FAULTS}
