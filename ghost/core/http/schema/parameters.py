"""Parameters that operations of several apps have in common."""

from __future__ import annotations

from ninja import HeaderEx, P, QueryEx

IfMatch = HeaderEx[
    str,
    P(
        alias="If-Match",
        description="The `ETag` of the version that you have read. The operation is carried out only"
        " if the resource was not changed since; else the answer is `412`.",
        example='"9b1f04c2d7e8a653-0f4d2c1b7a9e8d36"',
    ),
]
IfNoneMatch = HeaderEx[
    str,
    P(
        alias="If-None-Match",
        description="The `ETag` of the version that you have. If it is still the same, the answer is"
        " `304` without a body.",
        example='"9b1f04c2d7e8a653-0f4d2c1b7a9e8d36"',
    ),
]
Prefer = HeaderEx[
    str,
    P(
        alias="Prefer",
        description="`wait=N` waits up to N seconds for the probe to end (RFC 7240). If it has not"
        " ended by then, the answer is the resource with `probe_status` `pending`.",
        example="wait=10",
    ),
]
Wait = QueryEx[
    bool,
    P(
        description="Whether to wait until the probe has ended. If it fails, the answer is `400` and"
        " nothing is kept.",
        example=True,
    ),
]
DryRun = QueryEx[
    bool,
    P(description="Whether to only try everything out and keep nothing.", example=True),
]
