"""Whose a prefix of a bucket is: that of the registry alone which used it first, and left a note there.

Parts of runs and files of exports are named by numbers of rows: of two registries with one prefix each would
replace what the other one has. A registry is known by its first seal, which never changes and is in each of
its backups. Before that, in its first minute, it leaves no note, and a note that is there is another one's.
"""

from trial.storage.access import Access
from trial.storage.bucket import Bucket, bucket_of
from trial.storage.problems import StoreOfAnother
from trial.trail.seals import Seal, hash_of_signature

NOTE = ".registry"
"""The object that says whose the prefix is."""
_OURS = set[Access]()
"""What this process has found to be its registry's."""


def own_bucket(access: Access) -> Bucket:
    """The bucket, once the prefix is found to be this registry's, or taken for it; a process asks until it
    knows. Raises StoreOfAnother and StoreUnavailable."""
    bucket = bucket_of(access)
    if access not in _OURS:
        ours = identity().encode()
        if (bucket.first_note(NOTE, ours) if ours else bucket.note(NOTE)) != ours:
            raise StoreOfAnother(_OF_ANOTHER.format(access.bucket, access.prefix))
        if ours:
            _OURS.add(access)
    return bucket


_OF_ANOTHER = (
    "s3://{}/{} belongs to another registry, whose files would be replaced: give this one a prefix of its own"
)


def identity() -> str:
    """What this registry is known by; empty before its first seal."""
    first = Seal.objects.order_by("number").first()
    return hash_of_signature(first.signature) if first else ""
