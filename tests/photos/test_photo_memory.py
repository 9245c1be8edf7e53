"""Decoded photos in memory: what is kept comes back, and no more is kept than there is room for."""

import torch

from mindseye.photos.photo_memory import PhotoMemory


def photo(value):
    return torch.full((3, 4, 4), value, dtype=torch.uint8)


def test_what_is_kept_comes_back_by_index():
    memory = PhotoMemory(1000)
    for index in (5, 2, 9):
        memory.keep(index, photo(index), 10)
    assert all(torch.equal(memory.find(index), photo(index)) for index in (2, 5, 9))
    assert memory.find(3) is None


def test_there_is_room_for_so_many_bytes():
    memory = PhotoMemory(2 * 48 + 47)
    for index in range(5):
        memory.keep(index, photo(index), 5)
    assert [memory.find(index) is None for index in range(5)] == [False, False, True, True, True]
    nothing = PhotoMemory(0)
    nothing.keep(0, photo(1), 5)
    assert nothing.find(0) is None


def test_a_photo_that_is_kept_again_takes_its_own_place():
    memory = PhotoMemory(2 * 48)
    memory.keep(0, photo(1), 2)
    memory.keep(0, photo(7), 2)
    memory.keep(1, photo(3), 2)
    assert torch.equal(memory.find(0), photo(7))
    assert torch.equal(memory.find(1), photo(3))


def test_nothing_is_left_after_clear_and_another_shape_is_taken():
    memory = PhotoMemory(1000)
    memory.keep(0, photo(1), 2)
    memory.clear()
    assert memory.find(0) is None
    memory.keep(0, photo(2)[:1], 2)
    assert memory.find(0).shape == (1, 4, 4)
