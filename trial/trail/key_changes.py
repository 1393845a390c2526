"""Another key signs the trail from now on (decision 28).

Either the key in force hands over: its last seal names the successor, and both sign it. Or it is lost: the
new key begins with a seal that says so, which a verification believes only where the new key is trusted, too.
"""

from django.conf import settings
from django.db import transaction

from trial.trail.actor import Source, acting, system_actor
from trial.trail.record import Change, Place, record_event
from trial.trail.seals import Seal, key_in_force, next_seal, publish_seals, seal_trail, settled
from trial.trail.signing_keys import SigningKey, is_secret_of, keys_at_hand, make_new_key, public_half

HANDED_OVER, LOST = "seal_key.changed", "seal_key.lost"


class CannotChangeKey(ValueError):
    """What the change needs is not there, in words."""


def hand_over(*, on_behalf_of: str) -> Seal:
    """Seal what waits with the key in force, which thereby hands over to the new one.

    Raises CannotChangeKey and NoSigningKey; IntegrityError and OperationalError where another sealer or
    writers were in the way: nothing has changed then.
    """
    seal_trail()
    new = _new_key()
    seal = _changed(HANDED_OVER, new, on_behalf_of, successor=new)
    publish_seals()
    _lay_the_old_key_aside()
    return seal


def begin_anew(reason: str, *, on_behalf_of: str) -> Seal:
    """Begin with the new key, since the one in force is lost. Raises as `hand_over`; CannotChangeKey also
    where the key in force is at hand, and can hand over."""
    in_force = key_in_force(Seal.objects.last())
    if in_force in map(public_half, keys_at_hand()):
        raise CannotChangeKey("the key in force is not lost: it is there, and can hand over")
    new = _new_key()
    seal = _changed(LOST, new, on_behalf_of, key=new, reason=reason)
    _lay_the_old_key_aside()
    seal_trail()
    return seal


def _new_key() -> SigningKey:
    """The key at hand that has not sealed yet; a registry in a folder makes it."""
    if not Seal.objects.exists():
        raise CannotChangeKey("nothing is sealed yet: put the other key in the place of the first")
    _lay_the_old_key_aside()  # a change that was interrupted did not come so far
    in_force = key_in_force(Seal.objects.last())
    if is_secret_of(in_force, settings.NEW_SEAL_KEY.read()):
        raise CannotChangeKey(_put_into_its_place())
    make_new_key()
    sealed_with = Seal.objects.order_by("key").values_list("key", flat=True).distinct()
    used = {*sealed_with, in_force}
    for key in keys_at_hand():
        if public_half(key) not in used:
            return key
    raise CannotChangeKey("there is no new key: CHIMERA_NEW_SEAL_KEY (or CHIMERA_NEW_SEAL_KEY_FILE) names it")


def _put_into_its_place() -> str:
    """The environment names the first key, and nobody but who runs the registry can change that."""
    lies_at = settings.NEW_SEAL_KEY.path or "CHIMERA_NEW_SEAL_KEY"
    return (
        f"the key in force is still that of {lies_at}: put it in the place of CHIMERA_SEAL_KEY (or "
        "CHIMERA_SEAL_KEY_FILE), away from there, and start Chimera again; then another new key may lie ready"
    )


@transaction.atomic
def _changed(
    action: str,
    new: SigningKey,
    on_behalf_of: str,
    *,
    key: SigningKey | None = None,
    successor: SigningKey | None = None,
    reason: str = "",
) -> Seal:
    """The event of the change and its seal, before any other event is written."""
    settled()  # writers wait from here to the end
    change = Change("key", "Public key of the seals", key_in_force(Seal.objects.last()), public_half(new))
    with acting(system_actor("key", Source.COMMAND, on_behalf_of=on_behalf_of)):
        record_event(action, Place(about="key of the seals"), [change], reason=reason)
    last = settled()
    seal = next_seal(last, key=key, successor=successor)
    if seal is None or seal.last < last:
        raise CannotChangeKey("more waits to be sealed than one seal takes: let the worker seal it first")
    return seal


def _lay_the_old_key_aside() -> None:
    """In a registry in a folder the new key, once it is in force, lies where the old one lay."""
    old, new = settings.SEAL_KEY, settings.NEW_SEAL_KEY
    in_force = key_in_force(Seal.objects.last())
    if not (old.path and new.path and new.made_here and is_secret_of(in_force, new.read())):
        return
    if old.path.exists():
        old.path.rename(old.path.with_name(f"{old.path.name}.until-{Seal.objects.count()}"))
    new.path.rename(old.path)
