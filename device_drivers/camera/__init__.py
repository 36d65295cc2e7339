"""Cameras on the network that give motion JPEG or snapshots over HTTP, in our own few lines."""
