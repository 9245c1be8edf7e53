"""Lists of classes: the bundled one against ImageNet's labels, files of every form, and what a network does not know."""

from dataclasses import replace

import pytest
from nets import TinyConv, seeded

from mindseye.errors import UserError
from mindseye.labels import imagenet_labels, imagenet_wnids
from mindseye.models.load import Model, load_model
from mindseye.photos.class_list import ListedClass, find_class, read_classes

LABELS = ("ant", "bee", "crab, cancer", "crane", "crane")
WNIDS = tuple(f"n0000000{number}" for number in range(5))


def model(labels=LABELS, wnids=WNIDS) -> Model:
    return replace(load_model(seeded(TinyConv), size=32), name="tiny", labels=labels, wnids=wnids)


def found(line, network):
    return find_class(*read_classes([line]), network, 5)


def test_the_ten_classes_of_erkan():
    """Ten classes, two of whose labels are sunglasses; WordNet id and name of each lead to one label of ImageNet."""
    imagenet = replace(model(), labels=imagenet_labels(), wnids=imagenet_wnids())
    classes = read_classes()
    assert len(classes) == 10
    names = {
        find_class(one, imagenet, 1000): [imagenet_labels()[i] for i in find_class(one, imagenet, 1000)]
        for one in classes
    }
    assert [name for group in names.values() for name in group] == [
        "great white shark", "tarantula", "jellyfish", "zebra", "beer bottle", "car wheel", "electric guitar",
        "sunglass", "sunglasses", "tennis ball", "mushroom",
    ]  # fmt: skip
    for one in classes:
        for wnid, name in one.labels:
            index = imagenet_wnids().index(wnid)
            assert imagenet_labels()[index] == name
            assert (index,) == find_class(ListedClass(name, ((name,),)), imagenet, 1000)


def test_networks_without_wordnet_ids_know_them_by_name():
    """timm, which brings the ids, need not be there."""
    plain = replace(model(), labels=imagenet_labels(), wnids=None)
    whole = replace(plain, wnids=imagenet_wnids())
    for one in read_classes():
        assert find_class(one, plain, 1000) == find_class(one, whole, 1000)


@pytest.mark.parametrize(
    ("line", "indices"),
    [
        ("bee", (1,)),
        ("BEE", (1,)),
        ("cancer", (2,)),
        ("n00000003", (3,)),
        ("n00000004 crane", (4,)),
        ("n00000001 not its name", (1,)),
        ("4", (4,)),
        ("bee|crab", (1, 2)),
        ("n00000000 ant | 0", (0,)),
    ],
)
def test_every_form_of_a_line(line, indices):
    """Name, synonym, id, id with a name that is another's too or unknown, index; labels that count as one, each once."""
    assert found(line, model()) == indices


def test_a_file_with_comments_blank_lines_and_a_mark(tmp_path):
    """As editors of all systems leave it."""
    file = tmp_path / "classes.txt"
    file.write_bytes("\ufeff# insects\r\nant\r\n\r\n  bee | crab # two\r\n".encode())
    assert [(one.text, one.labels) for one in read_classes(file)] == [
        ("ant", (("ant",),)),
        ("bee | crab", (("bee",), ("crab",))),
    ]


@pytest.mark.parametrize("content", ["", "# nothing\n\n"])
def test_a_list_without_classes(tmp_path, content):
    file = tmp_path / "none.txt"
    file.write_text(content)
    with pytest.raises(UserError, match=r"none\.txt names no class"):
        read_classes(file)


def test_no_file_no_text_and_half_a_line(tmp_path):
    """One line each, with the name."""
    with pytest.raises(UserError, match=r"nowhere\.txt.*a class per line"):
        read_classes("nowhere.txt")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(UserError, match=r"photo\.jpg.*it is no text"):
        read_classes(tmp_path / "photo.jpg")
    with pytest.raises(UserError, match=r"'bee \|' lacks a label"):
        read_classes(["bee |"])


@pytest.mark.parametrize(
    ("line", "network", "told"),
    [
        ("beetle", model(), r"'tiny' does not know the class 'beetle'.*did you mean 'bee"),
        ("bee|wolf", model(), r"'tiny' does not know the class 'bee\|wolf'.*'wolf' is unknown"),
        ("crane", model(), r"'tiny' does not know the class 'crane'.*2 labels"),
        ("5", model(), r"'tiny' does not know the class '5'.*0 to 4"),
        ("n00000000 bee", model(), r"'n00000000' and 'bee' are two labels of 'tiny'"),
        ("n00000000 ant", model(None, None), r"does not know the class.*no label names"),
    ],
)
def test_what_a_network_does_not_know_is_named(line, network, told):
    """The network, the class, and the way out."""
    with pytest.raises(UserError, match=told):
        found(line, network)
