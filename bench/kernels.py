"""The limit of mapping benchmarks: the customers mapping by hand, in bare Arrow kernels.

No guard, no repair, no null rules beyond those of Arrow: it is right only on clean rows.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def customers(data: pa.RecordBatch) -> Any:  # noqa: ANN401  Arrow ships no types
    """Apply the twelve expressions to a batch of the input schema."""
    address = data.column("address")
    country = data.column("country")
    address_out = pa.StructArray.from_arrays(
        [pc.utf8_upper(pc.struct_field(address, "city")), pc.coalesce(country, "US")],
        ["city", "country"],
    )
    return pa.RecordBatch.from_arrays(
        [
            pc.utf8_lower(pc.utf8_trim_whitespace(data.column("email"))),
            pc.binary_join_element_wise(
                data.column("first_name"), data.column("last_name"), " "
            ),
            # Arrow has no initcap: its title case is the nearest kernel.
            pc.utf8_title(data.column("first_name")),
            pc.cast(data.column("birth_date"), pa.date32()),
            pc.cast(data.column("signup_ts"), pa.timestamp("us", tz="UTC")),
            pc.cast(data.column("spend"), pa.decimal128(12, 2)),
            data.column("visits"),
            pc.equal(data.column("newsletter"), "true"),
            address_out,
            pc.if_else(pc.fill_null(pc.equal(country, "US"), fill_value=False), "domestic", "intl"),
            pc.utf8_slice_codeunits(data.column("phone"), 0, 10),
        ],
        [
            "email", "full_name", "first_name", "birth_date", "signed_up_at", "ltv", "visits",
            "newsletter", "address", "tier", "phone",
        ],
    )  # fmt: skip
