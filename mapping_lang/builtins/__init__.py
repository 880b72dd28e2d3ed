"""The functions of the mapping language, one file each."""
