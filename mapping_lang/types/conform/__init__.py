"""What connectors read, as Python has it, made canonical or refused (TYPE-71, TYPE-72)."""
