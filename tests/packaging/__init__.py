"""What is installed, built and published: locks, licences, distributions, and the project on a bare Debian."""
