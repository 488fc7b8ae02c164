"""What the scripts beside this one share: each loads our files with a program's own code and prints a line of JSON for each file.

A task is {"name", "file" (a single file), "folder" (the same model for diffusers), "reference" (what our networks compute), "loras": [{"name", "file", "reference"}]}.
"""
import json
import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file


def tasks():
    return json.load(sys.stdin)["tasks"]


def report(task, **found):
    print("RESULT " + json.dumps({"name": task["name"], **found}), flush=True)


def reference(file):
    """Inputs and results of our networks, images and latents as [batch, channels, height, width], and what is said of them."""
    values = {name: value.permute(0, 3, 1, 2).contiguous() if value.dim() == 4 else value for name, value in load_file(file).items()}
    with safe_open(file, "pt") as opened:
        return values, opened.metadata()


def tensors_compared(file, theirs, passed_over=lambda name: False):
    """The tensors of a file against those of the loaded model under the same names, in f32."""
    unexpected, differing, equal = [], [], 0
    with safe_open(file, "pt") as opened:
        names = set(opened.keys())
        for name in sorted(names):
            if passed_over(name):
                continue
            if name not in theirs:
                unexpected.append(name)
                continue
            own, other = opened.get_tensor(name), theirs[name].detach().cpu()
            if own.numel() == other.numel() and torch.equal(own.float().reshape(-1), other.float().reshape(-1)):
                equal += 1
            else:
                differing.append(name)
    return {"equal": equal, "differing": differing, "unexpected": unexpected, "missing": sorted(name for name in theirs if name not in names and not passed_over(name))}


def error(ours, theirs):
    """The largest difference, in shares of the largest value."""
    theirs = theirs.detach().float().cpu()
    if ours.shape != theirs.shape:
        return f"shapes {list(ours.shape)} and {list(theirs.shape)}"
    return float(f"{((ours - theirs).abs().max() / ours.abs().max()).item():.2g}")


def effect(model, lora):
    """What our networks make of the LoRA: the smallest of its differences, as above. Without one a comparison would say nothing."""
    (plain, _), (changed, _) = reference(model["reference"]), reference(lora["reference"])
    return min(error(plain[name], changed[name]) for name in ("states", "prediction"))
