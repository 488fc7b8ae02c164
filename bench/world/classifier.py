"""Trains the classifier that names what pictures of the demo's world show: class, background, colour of a plain ground, colour of the thing.

    dreambooth world pictures --count 120000 --facts facts.jsonl
    dreambooth world held-out --count 4096 --held-out --facts held-out.jsonl
    python3 bench/world/classifier.py --pictures pictures --facts facts.jsonl --held-out held-out --held-out-facts held-out.jsonl --out classifier.safetensors

One line of JSON says how many of the held-out pictures it reads right. Its layers are those of `src/train/demo/attribute-probe.ts`, which uses it. Needs
torch, safetensors, numpy and Pillow: minutes on a GPU, an hour on a CPU.
"""
import argparse
import json
import pathlib
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

SIDE = 64
CLASSES = "robot cat monster house tree car fish mug star flower ball boat".split()
SCENES = "snow grass beach night desert sea city check space forest table plain".split()
COLOURS = "red orange yellow green blue purple pink brown gray white black".split()
HEADS = (CLASSES, SCENES, COLOURS, COLOURS)
FACTS = ("class", "background", "ground", "colour")
UNKNOWN = -1

parser = argparse.ArgumentParser()
for name in ("pictures", "facts", "held-out", "held-out-facts", "out"):
    parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--batch", type=int, default=256)
parser.add_argument("--learning-rate", type=float, default=3e-3)
parser.add_argument("--seed", type=int, default=0)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        layers, width = [], 3
        for out in (32, 64, 96, 128):
            layers += [nn.Conv2d(width, out, 3, 2, 1), nn.BatchNorm2d(out), nn.ReLU(), nn.Conv2d(out, out, 3, 1, 1), nn.BatchNorm2d(out), nn.ReLU()]
            width = out
        self.f = nn.Sequential(*layers)
        self.h = nn.Linear(2 * width, sum(map(len, HEADS)))

    def forward(self, pictures):
        """[n, 3, 64, 64] in -1 ... 1 -> a list of scores, one for each of HEADS"""
        features = self.f(pictures)
        return self.h(torch.cat([features.mean((2, 3)), features.amax((2, 3))], 1)).split([len(names) for names in HEADS], 1)


def read(file):
    return np.asarray(Image.open(file).convert("RGB"))


def load(folder, facts):
    lines = [json.loads(line) for line in facts.read_text().splitlines()]
    with ProcessPoolExecutor() as pool:
        pictures = np.stack(list(pool.map(read, [folder / line["image"] for line in lines], chunksize=256)))
    labels = [[names.index(line[fact]) if fact in line else UNKNOWN for fact, names in zip(FACTS, HEADS)] for line in lines]
    return torch.from_numpy(pictures), torch.tensor(labels), torch.tensor(["other" in line for line in lines])


def to_network(pixels):
    return pixels.permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)


def disturbed(x):
    """As a model may paint them: moved by a few pixels, some of them blurred, all with a little noise."""
    x = F.pad(x, (3, 3, 3, 3), mode="replicate")
    top, left = torch.randint(0, 7, (2,)).tolist()
    x = x[..., top : top + SIDE, left : left + SIDE].clone()
    soft = len(x) // 3
    x[:soft] = F.avg_pool2d(F.pad(x[:soft], (1, 1, 1, 1), mode="replicate"), 3, 1)
    return (x + 0.05 * torch.rand(len(x), 1, 1, 1, device=x.device) * torch.randn_like(x)).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def accuracy(model, pictures, labels, device):
    model.eval()
    scores = [torch.cat(parts) for parts in zip(*(model(to_network(part.to(device))) for part in pictures.split(512)))]
    model.train()
    right = {}
    for head, (fact, score) in enumerate(zip(FACTS, scores)):
        known = labels[:, head] != UNKNOWN
        right[fact] = (score.argmax(1).cpu() == labels[:, head])[known].float().mean().item()
    return right


def main():
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(args.seed)
    pictures, labels, _ = load(args.pictures, args.facts)
    held_out, held_out_labels, crowded = load(args.held_out, args.held_out_facts)
    model = Classifier().to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.learning_rate, weight_decay=1e-2)
    steps = args.epochs * (len(pictures) // args.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.learning_rate, total_steps=steps, pct_start=0.1)
    begun, step = time.time(), 0
    for epoch in range(args.epochs):
        for rows in torch.randperm(len(pictures))[: steps // args.epochs * args.batch].split(args.batch):
            x, wanted = disturbed(to_network(pictures[rows].to(device))), labels[rows].to(device)
            with torch.autocast(device, dtype=torch.bfloat16):
                scores = model(x)
            loss = sum(F.cross_entropy(score.float(), wanted[:, head], ignore_index=UNKNOWN) for head, score in enumerate(scores))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
        print(f"{time.time() - begun:6.0f} s  epoch {epoch + 1}  loss {loss.item():.4f}  {accuracy(model, held_out, held_out_labels, device)}", flush=True)

    model.eval()
    # What torch counts batches with is no weight.
    save_file({name: value.cpu().half().contiguous() for name, value in model.state_dict().items() if not name.endswith("num_batches_tracked")}, args.out)
    print(json.dumps({
        "right": accuracy(model, held_out, held_out_labels, device), "rightWithOneFigure": accuracy(model, held_out[~crowded], held_out_labels[~crowded], device),
        "pictures": len(pictures), "heldOut": len(held_out), "epochs": args.epochs, "batch": args.batch, "seconds": round(time.time() - begun), "seed": args.seed, "torch": torch.__version__,
    }))


if __name__ == "__main__":
    main()
