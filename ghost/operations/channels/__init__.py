"""How operators are told something: by mail, webhooks and what apprise knows; each delivery with its outcome. Leans on core.

`targets` says who is told by which way, as the configuration has it. `Delivery.objects.write` leaves a message
for each; `sending` brings it there, outside of the queue, since what is told may be that the queue stands still.
"""
