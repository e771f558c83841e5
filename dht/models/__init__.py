"""What look-ups found, and the scans that made them. Leans on resources.models."""

from dht.models.node_count import NodeCount
from dht.models.sample import HealthSample, Method
from dht.models.scan import Scan, ScanPart, ScanState

__all__ = ["HealthSample", "Method", "NodeCount", "Scan", "ScanPart", "ScanState"]
