"""What a command of this room says when it stops."""


class BackupRefused(RuntimeError):
    """A backup cannot be made, is not whole, or has no place here; the text says why."""
