"""The authority: the one process that holds the catalogue, the policies and the state, and decides."""
