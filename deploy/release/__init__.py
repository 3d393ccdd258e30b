"""What a release consists of, how it is made and how it is checked."""
