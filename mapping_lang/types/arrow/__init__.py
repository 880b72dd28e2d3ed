"""Values to and from Arrow columns: the one place that knows the physical layout of a batch.

There is one Arrow column per property, named as the property, of this type:

| kind | Arrow type |
|---|---|
| string, uuid, ip | `string` |
| json | `string`: its exact text; the JSON value null is the text `null` |
| boolean | `bool` |
| int | `int8`, `int16`, `int32`, `int64` or unsigned; of 24 bits, 32 |
| float | `float` or `double` |
| decimal | `decimal128` of its precision and scale up to 38 digits, else `decimal256` |
| datetime | `timestamp[us, tz=UTC]` |
| date | `date32` |
| time | `time64[us]` |
| year | `int16` |
| array | `list` of its elements |
| object | `struct` of its properties, laid out as the columns of a batch |
| map | `map` from `string` to its elements |

Kinds are never guessed from Arrow: the schema always travels with the columns.

**Null and absent.** For a property that is not nullable, an Arrow null means absent. For one that
is nullable, an Arrow null means null, unless its companion is true: then it means absent. The
companion is a `bool` column right after the property's, in the same batch or struct, named as the
property with `?` at the end, which no property can be called. It always exists for a nullable
property, has no nulls, and is true only where the property is an Arrow null. Whether a property may
be absent depends on the role of its schema, so the layout allows it everywhere.

**Elements** of arrays are never Arrow nulls; a json element that is null is the text `null`. Nulls
in maps are refused where values come in (TYPE-42, TYPE-66), but a mapping makes them of the nulls
of an object (MAP-111), so the layout carries them. The keys of one map differ from each other.

**Below a null** nothing counts: what stands in the children of a null struct, or in the range of a
null list or map, is unspecified, because kernels of Arrow leave zeros, nulls or old values there.
Readers see children through their parent: `StructArray.flatten`, `struct_field`,
`ListArray.flatten`.

All fields are declared nullable and have no metadata. A batch of a schema without properties has no
columns and still has a length.
"""
