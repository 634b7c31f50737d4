"""The local cloud: an emulator that deploys the very template, a front door before it, and the commands of `make`."""
