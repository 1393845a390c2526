"""Whether a failure is that the database, the disk or the store cannot serve just now, and no defect of ours.

What was asked for is then to be asked again, under its key: every act is one transaction, of which nothing
was written; or all of it, where the connection was lost while it was committed and the answer with it.
"""

import errno

from django.db import DatabaseError, InterfaceError, OperationalError

from trial.storage.problems import StoreUnavailable

RETRIED = frozenset({"40001", "40P01"})
"""PostgreSQL undid the transaction in favour of another one: serialization_failure, deadlock_detected."""
_SQLITE = frozenset({5, 6, 8, 10, 13, 14})
"""Primary result codes: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN."""
_OF_DISKS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


def is_unavailable(failure: BaseException | None) -> bool:
    """A connection that is gone, a lock that did not come free, a full or failing disk, a store away."""
    if isinstance(failure, StoreUnavailable):
        return True
    if isinstance(failure, OSError):
        return failure.errno in _OF_DISKS
    if not isinstance(failure, OperationalError | InterfaceError):
        return False
    code = getattr(failure.__cause__, "sqlite_errorcode", None)
    return code is None or code & 0xFF in _SQLITE


def is_worth_another_try(failure: DatabaseError) -> bool:
    """The database undid the transaction, which had no fault of its own."""
    return getattr(failure.__cause__, "sqlstate", None) in RETRIED
