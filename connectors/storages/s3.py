"""Objects in a bucket of Amazon S3."""

import re
from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import connection_settings
from connectors.storages.s3_objects import Bucket
from forms.members import Choice, Text, required

REGIONS: Final = (
    "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
    "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3",
    "ap-southeast-4", "ap-southeast-5", "ap-southeast-7", "ca-central-1", "ca-west-1",
    "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1",
    "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
    "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip


def _wrong_bucket(name: str) -> str:
    if ".." in name:
        return "with two dots in a row"
    if name.startswith("xn--"):
        return "reserved by its prefix `xn--`"
    return "reserved by its suffix `-s3alias`" if name.endswith("-s3alias") else ""


_SPEC: Final = RoleSpec(
    targets=frozenset({Target.USER}),
    settings=connection_settings(
        required("accessKeyID", Text(min_length=20, max_length=20, in_bytes=True)),
        required("secretAccessKey", Text(min_length=40, max_length=200, in_bytes=True)),
        required("region", Choice(REGIONS)),
        required(
            "bucket",
            Text(
                min_length=3,
                max_length=63,
                pattern=re.compile(r"[a-z0-9][a-z0-9.-]+", re.ASCII),
                expected="the name of a bucket: 3 to 63 small letters, digits, dots and hyphens",
                also=_wrong_bucket,
            ),
        ),
    ),
)

S3: Final = Connector(
    code="s3",
    label="Amazon S3",
    type=ConnectorType.FILE_STORAGE,
    roles={Role.SOURCE: _SPEC, Role.DESTINATION: _SPEC},
    storage=Bucket,
)
