"""What goes wrong with a store. These stand apart, so that naming them loads no client."""


class StoreUnavailable(OSError):
    """The store does not answer, or refuses: what was asked is to be asked again, or its settings mended."""


class StoreOfAnother(StoreUnavailable):
    """What the settings name has the files of another registry."""


class BeingFetched(Exception):
    """Another one of this host fetches it just now."""


class StoredFileDamaged(Exception):
    """What the store gives under a name is not what was put there."""
