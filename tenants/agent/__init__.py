"""The tenant agent: the program on a tenant's server that talks to the hub. Standard library only."""

VERSION = "0.1.0"
