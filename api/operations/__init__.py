"""Operations that have a warehouse for themselves, carried out in the background."""
