"""Who is kept and who moves: the partitions of a coupling.

A coupling leaves some entries of an event as they are (*kept*) and transforms the others (*moved*)
with parameters that a network reads off the kept ones. Where the structure allows, a partition
splits the tensor, so that network and transform work on half of it; `Checkerboard` in place and
`Mask` zero the other part instead, so that both keep the shape of the event.
"""

from tfp_flows.partitions.alternating import Alternating
from tfp_flows.partitions.base import Partition
from tfp_flows.partitions.checkerboard import Checkerboard
from tfp_flows.partitions.halves import Halves
from tfp_flows.partitions.leading import Leading
from tfp_flows.partitions.mask import Mask
from tfp_flows.partitions.stripes import Stripes

__all__ = ["Alternating", "Checkerboard", "Halves", "Leading", "Mask", "Partition", "Stripes"]
