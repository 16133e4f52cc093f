"""The demo: synthetic and real example data, and what makes a deployment of it."""
