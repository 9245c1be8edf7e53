"""Which pictures are painted together: whole classes, decided by the plan alone."""

import pytest

from mindseye.errors import UserError
from mindseye.workflows.batch.plan import Pack, Shard, make_packs, parse_shard


@pytest.mark.parametrize(
    ("facets", "batch_size", "sizes"), [(4, 8, [2, 2, 1]), (4, 11, [2, 2, 1]), (10, 8, [1] * 5), (1, 8, [5])]
)
def test_a_pack_is_as_many_whole_classes_as_a_batch_holds(facets, batch_size, sizes):
    """One class at least, and no class is cut."""
    packs = make_packs(list("abcde"), facets, batch_size)
    assert [len(pack.classes) for pack in packs] == sizes
    assert "".join(name for pack in packs for name in pack.classes) == "abcde"
    assert [pack.number for pack in packs] == list(range(len(packs)))
    assert packs == make_packs(list("abcde"), facets, batch_size)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_share_the_packs_out(count):
    """Every pack is in one shard, and no shard has two more than another."""
    packs = make_packs([str(number) for number in range(11)], 4, 8)
    shards = [Shard(index, count).of(packs) for index in range(1, count + 1)]
    assert sorted(pack.number for shard in shards for pack in shard) == [pack.number for pack in packs]
    sizes = [len(shard) for shard in shards]
    assert max(sizes) - min(sizes) <= 1


def test_what_is_left_of_a_pack_keeps_its_places():
    """Finished classes are no longer wanted, and still have their places."""
    pack = Pack(3, ("a", "b", "c"), ("a", "b", "c")).only({"c", "z"})
    assert pack == Pack(3, ("a", "b", "c"), ("c",))


def test_shards_are_read():
    """``3/8`` and nothing else."""
    assert parse_shard(" 3/8 ") == Shard(3, 8)
    assert str(Shard(3, 8)) == "3/8"
    for wrong in ("0/8", "9/8", "3", "3/8/2", "a/b", "-1/3", ""):
        with pytest.raises(UserError, match="3/8"):
            parse_shard(wrong)
