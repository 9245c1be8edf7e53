"""Many runs at once: what is planned, what has become of it, and who works on it."""
