"""The words of the command line: each form, what each is refused for, and back again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindseye.errors import UserError
from mindseye.optimize.objectives.address import ObjectiveAddress, parse_objective, parse_within


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("layer3.5", ObjectiveAddress("layer", "layer3.5")),
        ("layer3.5.conv1:11", ObjectiveAddress("channel", "layer3.5.conv1", channel=11)),
        ("layer:0:neg", ObjectiveAddress("channel", "layer", channel=0, negative=True)),
        ("layer:11@4,7", ObjectiveAddress("neuron", "layer", channel=11, position=(4, 7))),
        ("layer:11@0,0:neg", ObjectiveAddress("neuron", "layer", channel=11, position=(0, 0), negative=True)),
        ("layer4.0.relu#1", ObjectiveAddress("layer", "layer4.0.relu#1")),
        ("conv1@input", ObjectiveAddress("layer", "conv1@input")),
        ("conv1@input:3@1,2", ObjectiveAddress("neuron", "conv1@input", channel=3, position=(1, 2))),
        ("relu#1@input:3:neg", ObjectiveAddress("channel", "relu#1@input", channel=3, negative=True)),
        ("class:zebra", ObjectiveAddress("class", words=("zebra",))),
        ("class:340", ObjectiveAddress("class", words=("340",))),
        ("class:tench, Tinca: a fish", ObjectiveAddress("class", words=("tench, Tinca: a fish",))),
        ("layer:way.npy", ObjectiveAddress("direction", "layer", ("way.npy",))),
        ("layer:C:\\my ways\\11@4,7:neg.npy", ObjectiveAddress("direction", "layer", ("C:\\my ways\\11@4,7:neg.npy",))),
        ("layer:random:5.npy", ObjectiveAddress("direction", "layer", ("random:5.npy",))),
        ("layer:random:5", ObjectiveAddress("random", "layer", seed=5)),
        ("output", ObjectiveAddress("output", "output")),
        ("output:15", ObjectiveAddress("output", "output", ("15",))),
        ("output:out:15@40,40", ObjectiveAddress("output", "output", ("out", "15@40,40"))),
        ("output:0.masks:15:neg", ObjectiveAddress("output", "output", ("0.masks", "15", "neg"))),
        ("output#0:15", ObjectiveAddress("channel", "output#0", channel=15)),
        ("outputs:15", ObjectiveAddress("channel", "outputs", channel=15)),
    ],
)
def test_each_form(text, expected):
    """Every form is told apart, and gives its words back."""
    assert parse_objective(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("", "'layer3.5.conv1:11'"),
        (":11", "'layer3.5.conv1:11'"),
        (":", "'layer3:11'"),
        ("layer3:", "'layer3:11'"),
        ("output:", "'output'"),
        ("class", "'class:zebra'"),
        ("class:", "'class:zebra'"),
        ("class:  ", "'class:zebra'"),
        ("layer3@4,7", "'layer3:11@4,7'"),
        ("layer3@4,7:11", "'layer3:11@4,7'"),
        ("layer3:-1", "'layer3:11'"),
        ("layer3:011", "'layer3:11'"),
        ("layer3: 11", "'layer3:11'"),
        ("layer3:1.5", "'layer3:11'"),
        ("layer3:\u0663", "'layer3:11'"),
        ("layer3:" + "9" * 5000, "'layer3:11'"),
        ("layer3:11@4", "'layer3:11@4,7'"),
        ("layer3:11@4,7,2", "'layer3:11@4,7'"),
        ("layer3:11@-4,7", "'layer3:11@4,7'"),
        ("layer3:11:neg@4,7", "'layer3:11@4,7'"),
        ("layer3:neg", "'layer3:11:neg'"),
        ("layer3:11:negative", "'layer3:11:neg'"),
        ("layer3:11:neg:neg", "'layer3:11:neg'"),
        ("layer3:random", "'layer3:random:0'"),
        ("layer3:random:x", "'layer3:random:0'"),
        ("layer3:way.npz", "'layer3:direction.npy'"),
        ("layer3:a\nb", "'layer3:11'"),
    ],
)
def test_what_follows_no_form_is_refused(text, example):
    """One line, with an example of what was meant."""
    with pytest.raises(UserError) as caught:
        parse_objective(text)
    assert example in str(caught.value)
    assert "\n" not in str(caught.value)


NUMBERS = st.integers(0, 10**17)
MODULES = st.builds(
    "{}{}{}".format,
    st.lists(st.sampled_from(["layer3", "5", "conv_1", "class", "output", "A"]), min_size=2, max_size=4).map(".".join),
    st.sampled_from(["", "#0", "#12"]),
    st.sampled_from(["", "@input"]),
)
ANYTHING = st.text(min_size=1, max_size=12)
ADDRESSES = st.one_of(
    st.builds(ObjectiveAddress, st.just("layer"), MODULES),
    st.builds(ObjectiveAddress, st.just("channel"), MODULES, channel=NUMBERS, negative=st.booleans()),
    st.builds(
        ObjectiveAddress,
        st.just("neuron"),
        MODULES,
        channel=NUMBERS,
        position=st.tuples(NUMBERS, NUMBERS),
        negative=st.booleans(),
    ),
    st.builds(ObjectiveAddress, st.just("random"), MODULES, seed=NUMBERS),
    st.builds(ObjectiveAddress, st.just("direction"), MODULES, ANYTHING.map(lambda path: (path + ".npy",))),
    st.builds(ObjectiveAddress, st.just("class"), words=ANYTHING.filter(str.strip).map(lambda name: (name,))),
    st.builds(
        ObjectiveAddress,
        st.just("output"),
        st.just("output"),
        st.lists(ANYTHING.filter(lambda word: ":" not in word)).map(tuple),
    ),
)


@settings(max_examples=60)
@given(ADDRESSES)
def test_every_address_is_read_back_from_its_words(address):
    """What an address is written as is read as the same address."""
    assert parse_objective(str(address)) == address


@settings(max_examples=60)
@given(st.one_of(st.text(), st.text(st.sampled_from("a1:@,#.-0 negrandomclassoutput")), ADDRESSES.map(str)))
def test_any_text_is_read_whole_or_refused(text):
    """What is accepted gives its words back unchanged; all else is a UserError."""
    try:
        address = parse_objective(text)
    except UserError as error:
        refusal = str(error)
    else:
        assert str(address) == text
        return
    assert len(refusal.splitlines()) == 1


@settings(max_examples=60)
@given(MODULES, st.sampled_from(["", "3", "3@1,2:neg", "random:4", "a:b.npy"]))
def test_what_stands_behind_a_layer_is_the_same_by_itself(layer, rest):
    """Reading the words behind a layer's address gives what reading the whole does."""
    assert parse_within(layer, rest) == parse_objective(f"{layer}:{rest}" if rest else layer)
