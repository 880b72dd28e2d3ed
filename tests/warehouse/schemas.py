"""Profile schemas for tests: one with every kind of leaf."""

from mapping_lang.types.schemas.decode import decode_schema

EVERY_KIND = decode_schema(
    """{"kind": "object", "properties": ["""
    + ", ".join(
        f'{{"name": "{name}", "type": {type_}, "readOptional": true}}'
        for name, type_ in (
            ("text", '{"kind": "string"}'),
            ("short", '{"kind": "string", "maxLength": 10, "maxBytes": 20}'),
            ("bytes", '{"kind": "string", "maxBytes": 7}'),
            ("flag", '{"kind": "boolean"}'),
            *(
                (f"int{size}", f'{{"kind": "int", "bitSize": {size}}}')
                for size in (8, 16, 24, 32, 64)
            ),
            *(
                (f"uint{size}", f'{{"kind": "int", "bitSize": {size}, "unsigned": true}}')
                for size in (8, 16, 24, 32, 64)
            ),
            ("float32", '{"kind": "float", "bitSize": 32}'),
            ("float64", '{"kind": "float", "bitSize": 64}'),
            ("amount", '{"kind": "decimal", "precision": 12, "scale": 2}'),
            ("moment", '{"kind": "datetime"}'),
            ("day", '{"kind": "date"}'),
            ("clock", '{"kind": "time"}'),
            ("since", '{"kind": "year"}'),
            ("ref", '{"kind": "uuid"}'),
            ("prefs", '{"kind": "json"}'),
            ("address", '{"kind": "ip"}'),
            ("tags", '{"kind": "array", "elementType": {"kind": "string"}}'),
            ("labels", '{"kind": "map", "elementType": {"kind": "string"}}'),
            (
                "home",
                (
                    '{"kind": "object", "properties": ['
                    '{"name": "city", "type": {"kind": "string"}, "readOptional": true}]}'
                ),
            ),
        )
    )
    + "]}"
)
