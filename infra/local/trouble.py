"""What goes wrong on a developer's machine, in one sentence each."""


class Trouble(Exception):
    """The message is for whoever typed the command: what is wrong, and what to do."""
