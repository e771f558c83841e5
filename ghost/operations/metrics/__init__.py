"""What a monitor reads: `/metrics`, in Prometheus' text format. Leans on figures, stats and core.measurements.

Nothing is measured for it: gauges are the figures that `/health` tells, counters what all processes
have written down. So it does not matter which web process is asked.
"""
