"""What is kept secret at rest: settings, tokens and samples, each sealed for whom it belongs to."""
