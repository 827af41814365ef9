"""The bucket that holds the same files as M2M: its folders, and how to read them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from stac_bridge.mapping.model import S3Row
from stac_bridge.translate.links import address_filler

_SCHEME = "s3"


class S3:
    """A mapping's row of the bucket.

    ``schemes`` is the Item's ``storage:schemes``, ``fields`` are those of each alternate asset: a reference to it, and
    the same again as in version 1 of the storage extension.
    """

    def __init__(self, row: S3Row) -> None:
        self.folder_of = address_filler(row.folder)
        """Returns the folder of an Item, with a slash at its end; None if the Item lacks a property of it."""
        self.schemes: dict[str, Any] = {
            _SCHEME: {
                "type": "aws-s3",
                "platform": "https://{bucket}.s3.{region}.amazonaws.com",
                "bucket": urlsplit(row.folder).netloc,
                "region": row.region,
                "requester_pays": row.requester_pays,
            }
        }
        self.fields: dict[str, Any] = {
            "alternate:name": "Bucket of USGS",
            "storage:refs": [_SCHEME],
            "storage:platform": "AWS",
            "storage:region": row.region,
            "storage:requester_pays": row.requester_pays,
        }
