"""What the operating system gives: files opened beneath a root, sealed memory."""
