"""Sealers that are killed, and two at once (F22): `python manage.py shell` runs it."""

import os
import random

from django.db import connection, transaction

from tests.faults.killed import killed_after, killed_before
from trial.trail.actor import Source, acting, system_actor
from trial.trail.ledger import LedgerLeaf
from trial.trail.record import Place, record_event
from trial.trail.seals import Seal, anchor_file, read_anchor, seal_trail

LONGEST_S = 0.03  # about as long as a sealing takes


def acts(number: int) -> None:
    """So many acts that wait to be sealed."""
    with transaction.atomic(), acting(system_actor("test", Source.COMMAND)):
        for _act in range(number):
            record_event("test", Place())


def killed_at_each_statement() -> int:
    """How many tries it took until a sealer came to its end."""
    number, killed = 0, True
    while killed:
        number += 1
        acts(2)
        killed = killed_before(number, seal_trail)
    return number


def killed_at_moments(moments: int) -> None:
    """Also while the anchor file is written."""
    drawn = random.Random(1)
    for _moment in range(moments):
        acts(2)
        killed_after(drawn.uniform(0, LONGEST_S), seal_trail)


def two_at_once(times: int) -> None:
    """Each in a process of its own, begun together."""
    for _time in range(times):
        acts(3)
        connection.close()
        if connection.vendor == "postgresql":
            connection.close_pool()
        sealers = [_sealer(), _sealer()]
        ended = [os.waitpid(pid, 0)[1] for pid in sealers]
        if any(ended):
            print(f"a sealer of two failed: {ended}")


def _sealer() -> int:
    if pid := os.fork():
        return pid
    try:
        seal_trail()
    except BaseException as failure:
        print(repr(failure), flush=True)
        os._exit(1)
    os._exit(0)


def main(sealings: int) -> None:
    """Prints how often it was tried, then what came out badly."""
    tries = killed_at_each_statement()
    killed_at_moments(sealings)
    two_at_once(max(2, sealings // 5))
    seal_trail()
    sealed = [leaf for seal in read_anchor(anchor_file()) for leaf in seal["leaves"]]
    leaves = list(LedgerLeaf.objects.order_by("seq").values_list("leaf", flat=True))
    numbers = list(Seal.objects.order_by("number").values_list("number", flat=True))
    if sealed != leaves:
        print(f"{len(leaves)} acts, {len(sealed)} of them in the seals of the anchor")
    if numbers != list(range(1, len(numbers) + 1)):
        print(f"a gap or a double: {numbers}")
    print(tries + sealings + max(2, sealings // 5))
