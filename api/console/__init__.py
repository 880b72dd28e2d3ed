"""Commands for people that use the API as any client does: `kiln demo` and `kiln runs watch`."""
