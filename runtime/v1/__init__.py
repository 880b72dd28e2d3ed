"""Generated from proto by `bin/protos`; never edited."""
