"""Signing in as anybody one likes, to look around. Only local deployments have this layer and the function that uses
it."""
