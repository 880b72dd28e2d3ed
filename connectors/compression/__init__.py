"""What files are packed in, one module for each, and how much may come out of them."""
