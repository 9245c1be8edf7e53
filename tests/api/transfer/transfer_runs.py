"""A quick transfer between tiny networks, and what it leaves."""

import mindseye

LABELS = ["ant", "bee", "crab, cancer", "duck", "eel"]
LINES = ["ant", "bee | duck", "cancer", "eel"]
OWN = [(0,), (1, 3), (2,), (4,)]
PAINTER, JUDGE, OTHER = "networks.painter", "networks.judge", "networks.other"
NETWORKS = """
import torch
from torch import nn
from nets import TinyConv

def make(seed, labels, size=32):
    torch.manual_seed(seed)
    network = TinyConv()
    for parameter in network.parameters():
        parameter.data *= 2.5
    network.image_size = size
    network.preprocessing = {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.25, 0.3], "size": size, "resize": size}
    network.labels = labels
    return network

LABELS = ["ant", "bee", "crab, cancer", "duck", "eel"]

def painter():
    return make(1, LABELS)

def twin():
    return make(1, LABELS)

def judge():
    return make(2, LABELS, 40)

def other():
    return make(3, LABELS)

def reversed():
    return make(4, LABELS[::-1])

def stranger():
    return make(4, ["ant", "bee", "cow", "dog", "eel"])

def nameless():
    return make(5, LABELS, 32).body
"""
QUICK = {
    "classes": LINES,
    "paintings": 2,
    "copies": 3,
    "steps": 4,
    "snapshots": 1,
    "changes": {"views": 2},
    "quiet": True,
    "seed": 5,
}


def go(networks, out, **changes):
    asked = {**QUICK, "judge": networks("judge"), "out": out} | changes
    return mindseye.transfer(asked.pop("painter", networks("painter")), asked.pop("judge"), **asked)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.png")}
