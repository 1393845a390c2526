"""A prepared question is put together once for its arguments, and by each thread for itself."""

from concurrent.futures import ThreadPoolExecutor

from trial.prepared import prepared


def test_it_is_put_together_again_for_other_arguments_alone() -> None:
    made: list[int] = []

    @prepared
    def question(day: int) -> list[int]:
        made.append(day)
        return [day]

    assert [question(1), question(1), question(2), question(2), question(1)] == [[1], [1], [2], [2], [1]]
    assert made == [1, 2, 1]
    assert question(1) is question(1)


def test_no_two_threads_share_one() -> None:
    @prepared
    def question() -> object:
        return object()

    with ThreadPoolExecutor(1) as other:
        theirs = [other.submit(question).result() for _ in range(2)]
    assert theirs[0] is theirs[1]
    assert question() is not theirs[0]
