"""The shape of the tree itself: layers, sizes, locks, scripts, documents."""
