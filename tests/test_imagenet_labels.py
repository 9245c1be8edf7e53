"""The names of ImageNet's classes: one order, whatever library they come from."""

from importlib import resources

from timm.data import ImageNetInfo
from torchvision.models import ResNet50_Weights

from mindseye.labels import imagenet_labels, imagenet_name, imagenet_wnids, wnids_for


def test_names_and_identifiers_are_in_one_order() -> None:
    """torchvision's names are among the WordNet lemmas of timm's identifiers, class by class."""
    labels, wnids = imagenet_labels(), imagenet_wnids()
    assert wnids == tuple(ImageNetInfo().label_names())
    assert len(labels) == len(wnids) == len(set(wnids)) == 1000
    lemmas = ImageNetInfo().label_descriptions()
    disagreeing = [index for index in range(1000) if labels[index].lower() not in lemmas[index].lower()]
    # torchvision tells "crane bird" from the machine, "sunglasses" from "sunglass", and corrects a few misnomers.
    assert len(disagreeing) <= 10
    assert (wnids[0], labels[0]) == ("n01440764", "tench")
    assert (wnids[945], labels[945]) == ("n07720875", "bell pepper")


def test_the_table_of_classes_can_be_read_by_a_person() -> None:
    """The bundled table names each class as torchvision does."""
    lines = (resources.files("mindseye") / "classes" / "imagenet.txt").read_text("utf-8").splitlines()[1:]
    names = ResNet50_Weights.DEFAULT.meta["categories"]
    assert [tuple(line.split(maxsplit=1)) for line in lines] == list(zip(imagenet_wnids(), names))
    assert imagenet_labels() == tuple(names)
    assert imagenet_name("n02391049") == "zebra"
    assert imagenet_name("n00000000") is None


def test_identifiers_go_with_imagenet_only() -> None:
    """Labels of another set have no WordNet identifiers."""
    assert wnids_for(imagenet_labels()) == imagenet_wnids()
    assert wnids_for(("cat", "dog")) is None
    assert wnids_for(None) is None
